import { describe, expect, it } from 'vitest';
import { findModel, findRecipe } from '../../../../training/models/index';
import { replicasFor, startReplicas } from '../../../../training/loop/replica-group';
import { UserError } from '../../../../training/lib/errors';
import { allocate } from '../../../../training/data/dataset';

const ROWS = 8;
const dataset = allocate(ROWS);
const definition = findModel('mien');

function start(replicas: number, part: { batchSize?: number; model?: string } = {}) {
	const { batchSize = 4, model = 'mien' } = part;
	return startReplicas({
		definition: { ...definition, id: model },
		recipe: { ...findRecipe(definition, 'teacher'), batchSize },
		labels: 7,
		dataset,
		rows: Uint32Array.from({ length: ROWS }, (_, row) => row),
		backend: 'cpu',
		replicas
	});
}

describe('replicas that cannot start', () => {
	it.each([
		['a batch that they cannot share', 3, { batchSize: 4 }, /4 cannot be shared by 3/],
		['a batch larger than the data', 2, { batchSize: 16 }, /8 pictures .* do not fill a batch of 16/]
	])('report %s', async (_, replicas, part, message) => {
		await expect(start(replicas, part)).rejects.toThrow(UserError);
		await expect(start(replicas, part)).rejects.toThrow(message);
	});

	it('leave no thread running', async () => {
		const threads = () => process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
		const before = threads();
		await expect(start(2, { model: 'unknown' })).rejects.toThrow(/unknown/);
		await expect.poll(threads).toBe(before);
	});
});

it.each([
	[128, 4],
	[512, 8],
	[50, 1],
	[32, 1],
	[96, 3],
	[130, 2]
])('a batch of %i is shared by %i replicas on any machine, with 32 pictures or more each', (batchSize, replicas) => {
	expect(replicasFor('wasm', { batchSize })).toBe(replicas);
	expect(replicasFor('webgpu', { batchSize })).toBe(1);
});
