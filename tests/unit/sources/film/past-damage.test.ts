import { describe, expect, it } from 'vitest';
import { pastDamage } from '../../../../src/lib/sources/film/past-damage';

const TIMES = Array.from({ length: 12 }, (_, index) => index);
const KEYS = [0, 4, 8];

/** A decoder that works one frame ahead, and fails at `damaged`; it gives nothing for `lost`, and so is a frame late. */
function decoder({ damaged = [], lost = [], end = 12 }: { damaged?: number[]; lost?: number[]; end?: number }) {
	return async function* (timesS: readonly number[]) {
		let late = 0;
		for (const [index, timeS] of timesS.entries()) {
			await Promise.resolve();
			if ([timeS, timesS[index + 1] ?? -1].some((each) => damaged.includes(each)))
				throw new DOMException('Decoding error', 'EncodingError');
			if (lost.includes(timeS)) late++;
			const isLast = late > 0 && (KEYS.includes(timeS + 1) || index === timesS.length - 1);
			yield isLast ? null : { timestamp: Math.min(timeS, end - 1), close: () => undefined };
		}
	};
}

async function read(options: Parameters<typeof decoder>[0], timesS: readonly number[] = TIMES, keysS = KEYS) {
	const damaged: number[] = [];
	const read: number[] = [];
	const onDamage = (_: unknown, fromS: number) => damaged.push(fromS);
	for await (const { timestamp } of pastDamage(timesS, keysS, decoder(options), onDamage)) read.push(timestamp);
	return { read, damaged };
}

describe('reading on past damage', () => {
	it('gives every frame of a sound film once', async () => {
		expect(await read({})).toEqual({ read: TIMES, damaged: [] });
	});

	it('leaves out the damaged frame, and those that need it, up to the next key frame', async () => {
		expect(await read({ damaged: [6] })).toEqual({ read: [0, 1, 2, 3, 4, 8, 9, 10, 11], damaged: [5] });
		expect(await read({ damaged: [4] })).toEqual({ read: [0, 1, 2, 3, 8, 9, 10, 11], damaged: [4] });
		expect(await read({ damaged: [1, 10] })).toEqual({ read: [4, 5, 6, 7, 8], damaged: [0, 9] });
		expect(await read({ damaged: [5] }, [0, 3, 6, 9])).toEqual({ read: [0, 3, 6, 9], damaged: [] });
	});

	it('tells if nothing can be decoded', async () => {
		expect(await read({ damaged: KEYS })).toEqual({ read: [], damaged: KEYS });
	});

	it('starts decoding anew at the next key frame if a frame was lost', async () => {
		expect(await read({ lost: [5] })).toEqual({ read: [0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11], damaged: [7] });
	});

	it('tells of frames that were lost before all others, except if the film has no key frame before them', async () => {
		expect(await read({ lost: [7] }, TIMES.slice(7))).toEqual({ read: [8, 9, 10, 11], damaged: [7] });
		expect(await read({ lost: [3] }, TIMES.slice(3), [4, 8])).toEqual({ read: TIMES.slice(4), damaged: [] });
	});

	it('stops where the data end', async () => {
		expect(await read({ end: 6 })).toEqual({ read: [0, 1, 2, 3, 4, 5], damaged: [] });
	});

	it('does not go on if the file is gone', async () => {
		const gone = async function* () {
			await Promise.resolve();
			yield* [];
			throw new DOMException('It was moved', 'NotReadableError');
		};
		const frames = pastDamage(TIMES, KEYS, gone, () => undefined);
		await expect(frames.next()).rejects.toThrow('It was moved');
	});
});
