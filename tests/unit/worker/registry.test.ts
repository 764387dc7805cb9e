import { describe, expect, it } from 'vitest';
import type { Manifest, ModelEntry } from '../../../src/lib/manifest';
import { Registry } from '../../../src/lib/worker/registry';

const INPUT = { size: 2, channels: 1, range: [0, 1], crop: { scale: 1, shift: [0, 0], align: false } };
const MANIFEST = {
	models: [
		{ id: 'small', labels: ['a', 'b'], input: INPUT },
		{
			...{ id: 'large', labels: ['a', 'b'], input: INPUT, priorRatio: { photo: [1, 2], live: [1, 3] } },
			mirrored: { temperature: 1, biases: [0, Math.log(3)] }
		}
	]
} as unknown as Manifest;

/** A registry whose loads are settled by hand. */
function createRegistry() {
	const loads: { id: string; succeed: () => void; fail: () => void }[] = [];
	const disposed: string[] = [];
	const load = ({ id, labels, input }: ModelEntry) =>
		new Promise<
			Pick<ModelEntry, 'id' | 'labels' | 'input'> & { classify: () => Promise<number[][]>; dispose: () => void }
		>((resolve, reject) => {
			const classifier = {
				id,
				labels,
				input,
				classify: () => Promise.resolve([id === 'small' ? [0.5, 0.5] : [0.75, 0.25]]),
				dispose: () => disposed.push(id)
			};
			loads.push({
				id,
				succeed: () => {
					resolve(classifier);
				},
				fail: () => {
					reject(new Error('offline'));
				}
			});
		});
	return { registry: new Registry(MANIFEST, load), loads, disposed };
}

describe('Registry', () => {
	it('loads a model once, however often it is asked for', async () => {
		const { registry, loads } = createRegistry();
		const both = Promise.all([registry.classifier('small'), registry.classifier('small')]);
		loads[0]?.succeed();
		const [first, second] = await both;
		expect(first).toBe(second);
		expect(await registry.classifier('small')).toBe(first);
		expect(loads).toHaveLength(1);
	});

	it('forgets a load that failed', async () => {
		const { registry, loads } = createRegistry();
		const failing = registry.classifier('small');
		loads[0]?.fail();
		await expect(failing).rejects.toThrow('offline');
		const again = registry.classifier('small');
		loads[1]?.succeed();
		expect((await again).id).toBe('small');
	});

	it('knows only the models of the manifest', async () => {
		await expect(createRegistry().registry.classifier('other')).rejects.toMatchObject({ code: 'model-unknown' });
	});

	it('disposes what is no longer wanted, even while loading, and loads it again later', async () => {
		const { registry, loads, disposed } = createRegistry();
		const small = registry.classifier('small');
		loads[0]?.succeed();
		await small;
		const large = registry.classifier('large');
		registry.retain(['small']);
		expect(disposed).toEqual([]);
		loads[1]?.succeed();
		await large;
		expect(disposed).toEqual(['large']);
		registry.retain([]);
		await Promise.resolve();
		expect(disposed).toEqual(['large', 'small']);
		void registry.classifier('small');
		expect(loads).toHaveLength(3);
	});

	it('averages with the mirror image on the same network, with its own calibration', async () => {
		const { registry, loads } = createRegistry();
		const both = Promise.all([registry.classifier('large'), registry.classifier('large-mirrored')]);
		for (const { succeed } of loads) succeed();
		const [single, mirrored] = await both;
		expect([single.id, mirrored.id]).toEqual(['large', 'large-mirrored']);
		expect(loads).toHaveLength(1);
		expect(await single.classify(new Float32Array(4), 1)).toEqual([[0.75, 0.25]]);
		const [row] = await mirrored.classify(new Float32Array(4), 1);
		expect(row?.[0]).toBeCloseTo(0.75 / (0.75 + 3 * 0.25), 6);
		await expect(registry.classifier('small-mirrored')).rejects.toMatchObject({ code: 'model-unknown' });
	});

	it.each([
		['small', 'live', undefined],
		['large', 'photo', [1, 2]],
		['large', 'live', [1, 3]],
		['large-mirrored', 'live', [1, 3]]
	] as const)('knows the factors for the odds of %s (%s)', (id, use, ratio) => {
		const { registry } = createRegistry();
		expect(registry.priorRatio(id, 'everyday', use)).toEqual(ratio);
		expect(registry.priorRatio(id, 'training', use)).toBeUndefined();
	});

	it('keeps the network of a retained view, and what a task holds until released', async () => {
		const { registry, loads, disposed } = createRegistry();
		const ready = Promise.all([registry.classifier('large-mirrored'), registry.classifier('small')]);
		for (const { succeed } of loads) succeed();
		await ready;
		const release = registry.hold(['small']);
		registry.retain(['large-mirrored']);
		await Promise.resolve();
		expect(disposed).toEqual([]);
		registry.retain([]);
		await Promise.resolve();
		expect(disposed).toEqual(['large']);
		release();
		release();
		await Promise.resolve();
		expect(disposed).toEqual(['large', 'small']);
	});
});
