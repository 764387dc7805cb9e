import { describe, expect, it, vi } from 'vitest';
import type { AnalyserEvent } from '../../../../src/lib/client/analyser';
import { AnalysisTurns, type SharedAnalyser } from '../../../../src/lib/state/kiosk/turns-of-analysis';
import { camerasOf, readCameras, rememberCamera } from '../../../../src/lib/state/kiosk/cameras';
import { parseKioskConfig } from '../../../../src/lib/state/kiosk/config';

const AROUND = { base: 'https://kiosk.example/kiosk', allowed: [] };

function camerasIn(query: string) {
	const parsed = parseKioskConfig(query, AROUND);
	if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
	return camerasOf(parsed.configs).map(({ id, topic }) => [id, topic]);
}

describe('cameras of a kiosk', () => {
	it('have no id if there is one without a name, as it is the kiosk itself', () => {
		expect(camerasIn('source=camera&mqtt-topic=museum')).toEqual([['', 'museum']]);
		expect(camerasIn('source=camera&name=Door&mqtt-topic=museum')).toEqual([['Door', 'museum']]);
	});

	it('are named apart by name or stream if there are several', () => {
		expect(
			camerasIn('source=gateway:/g?src=door&source=mjpeg:/streams/hall/mjpeg&source=camera&source=whep:/whep/yard/whep')
		).toEqual([
			['door', 'mien/kiosk/door'],
			['hall', 'mien/kiosk/hall'],
			['Camera 3', 'mien/kiosk/Camera_3'],
			['yard', 'mien/kiosk/yard']
		]);
		expect(camerasIn('source=mjpeg:/a/x&source=mjpeg:/b/x')).toEqual([
			['x 1', 'mien/kiosk/x_1'],
			['x 2', 'mien/kiosk/x_2']
		]);
		expect(camerasIn('source=camera&source=camera&source=camera&name=x&name=x&name=x 1')).toEqual([
			['x 4', 'mien/kiosk/x_4'],
			['x 2', 'mien/kiosk/x_2'],
			['x 1', 'mien/kiosk/x_1']
		]);
	});

	it('are remembered once each; damaged entries are ignored', () => {
		const kept = new Map<string, string>();
		const storage = {
			getItem: (key: string) => kept.get(key) ?? null,
			setItem: (key: string, value: string) => void kept.set(key, value)
		};
		for (const id of ['door', '', 'hall', 'door']) rememberCamera(storage, id);
		expect(readCameras(storage)).toEqual(['door', 'hall']);
		for (const text of ['{', '3', '[1,null,""]']) expect(readCameras({ getItem: () => text })).toEqual([]);
	});
});

describe('several cameras on one worker', () => {
	it('take turns, so that one that always asks does not starve the others', async () => {
		const served: (number | undefined)[] = [];
		const analyser = {
			busy: false,
			analyse: async (_: unknown, { stream }: { stream?: number }) => {
				served.push(stream);
				await new Promise((resolve) => setTimeout(resolve, 1));
				return null;
			}
		} as unknown as SharedAnalyser;
		const turns = new AnalysisTurns(analyser, () => () => undefined);
		const close = vi.fn();
		const members = [1, 2, 3].map((stream) => turns.member(stream, () => undefined));
		const options = { timeMs: 0, still: false, smallestFacePx: null };
		await Promise.all(
			members.map(async (member) => {
				for (let frame = 0; frame < 10; frame++) await member.analyse({ close } as never, options);
			})
		);
		expect(served).toHaveLength(30);
		for (let round = 0; round < 10; round++)
			expect(new Set(served.slice(3 * round, 3 * round + 3))).toEqual(new Set([1, 2, 3]));
	});

	it('drop waiting frames and get no more events once they leave', async () => {
		let listener: ((event: AnalyserEvent) => void) | null = null;
		const never = { analyse: () => new Promise(() => undefined) } as unknown as SharedAnalyser;
		const turns = new AnalysisTurns(never, (listen) => {
			listener = listen;
			return () => (listener = null);
		});
		const member = turns.member(1, () => undefined);
		const options = { timeMs: 0, still: false, smallestFacePx: null };
		void member.analyse({ close: () => undefined } as never, options);
		const close = vi.fn();
		const second = member.analyse({ close } as never, options);
		member.dispose();
		expect(await second).toBeNull();
		expect(close).toHaveBeenCalledOnce();
		expect(listener).toBeNull();
	});
});
