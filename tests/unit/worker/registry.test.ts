import { describe, expect, it } from 'vitest';
import type { Manifest, ModelEntry } from '../../../src/lib/manifest';
import { Registry } from '../../../src/lib/worker/registry';

const MANIFEST = { models: [{ id: 'small' }, { id: 'large' }] } as unknown as Manifest;

/** A registry whose loads are settled by hand. */
function createRegistry() {
	const loads: { id: string; succeed: () => void; fail: () => void }[] = [];
	const disposed: string[] = [];
	const load = ({ id, labels, input }: ModelEntry) =>
		new Promise<
			{ id: string } & Pick<ModelEntry, 'labels' | 'input'> & { classify: () => Promise<[]>; dispose: () => void }
		>((resolve, reject) => {
			const classifier = {
				id,
				labels,
				input,
				classify: () => Promise.resolve<[]>([]),
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

	it('disposes what is no longer wanted, also where it is still loading, and loads it anew later', async () => {
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
});
