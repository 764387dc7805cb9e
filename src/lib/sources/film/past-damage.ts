/** Goes on decoding a film after frames that are damaged or lost. */
import { frameAt, SAME_S } from './choose-frames';

interface Decoded {
	/** In seconds. */
	readonly timestamp: number;
	close(): void;
}

/**
 * The frames that begin at `timesS`, ascending, without those that cannot be decoded; to be closed by the caller.
 * `keysS`: when key frames begin, ascending. `decode` starts a decoder, and gives for each of its times a frame (an
 * earlier one past the end of the data, a later one or null if none was decoded). `onDamage` is told about frames that
 * are missing in between, from one of `timesS` on: lost ones, or an EncodingError that comes again without the frames
 * after the next key frame, which may be the damaged ones.
 */
export async function* pastDamage<Frame extends Decoded>(
	timesS: readonly number[],
	keysS: ArrayLike<number>,
	decode: (timesS: readonly number[]) => AsyncIterable<Frame | null>,
	onDamage: (error: unknown, fromS: number) => void
): AsyncGenerator<Frame, void, undefined> {
	let [next, isRetry] = [0, false];
	/** Index of the first time from the next key frame on. */
	const nextGroup = (): number => {
		const keyS = keysS[frameAt(keysS, timesS[next] ?? Infinity) + 1] ?? Infinity;
		const index = timesS.findIndex((timeS, at) => at > next && timeS >= keyS - SAME_S);
		return index < 0 ? timesS.length : index;
	};
	const skip = (error: unknown): void => {
		onDamage(error, timesS[next] ?? Infinity);
		next = nextGroup();
	};
	while (next < timesS.length) {
		const end = isRetry ? nextGroup() : timesS.length;
		const wanted = timesS.slice(next, end);
		try {
			let count = 0;
			for await (const frame of decode(wanted)) {
				// What this decoder gives later may have the times of frames that it lost.
				if (frame === null) break;
				const wantedS = wanted[count++] ?? Infinity;
				if (frame.timestamp < wantedS - SAME_S) {
					frame.close();
					return;
				}
				const after = frameAt(timesS, frame.timestamp) + 1;
				if (after > next) {
					next = after;
					yield frame;
				} else frame.close();
			}
			// Films that were cut anywhere begin with frames that need earlier ones.
			if ((timesS[next] ?? Infinity) < (keysS[0] ?? Infinity) - SAME_S) next = nextGroup();
			else if (next < end) skip(new Error('frames were lost'));
			isRetry = false;
		} catch (thrown) {
			if (!(thrown instanceof DOMException) || thrown.name !== 'EncodingError') throw thrown;
			if (isRetry) skip(thrown);
			isRetry = !isRetry;
		}
	}
}
