/** Shipped models as any tfjs would run them: `tf.loadGraphModel` on the written files. */
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { PackedNetwork } from '../../training/lib/graph-model';
import { writeModel } from '../../training/lib/model-files';

export interface StockOutput {
	readonly shape: readonly number[];
	readonly values: Float32Array;
}

/** Output of `count` pictures from model.json at `file`; the weights are where it says. */
export async function runStock(file: string, batch: Float32Array, count: number): Promise<StockOutput> {
	const json = JSON.parse(readFileSync(file, 'utf8')) as tf.io.ModelJSON;
	const model = await loadGraphModel({
		load: () =>
			tf.io.getModelArtifactsForJSON(json, (manifest) => {
				const parts = manifest
					.flatMap(({ paths }) => paths)
					.map((name) => readFileSync(path.join(path.dirname(file), name)));
				return Promise.resolve([tf.io.getWeightSpecs(manifest), Uint8Array.from(Buffer.concat(parts)).buffer]);
			})
	});
	const [input] = model.inputs;
	const x = tf.tensor(batch, [count, ...(input?.shape ?? []).slice(1)]);
	const output = model.predict(x) as tf.Tensor;
	const found = { shape: output.shape, values: Float32Array.from(await output.data()) };
	tf.dispose([x, output]);
	model.dispose();
	return found;
}

/** The same for a network, through files. */
export async function loadStock(packed: PackedNetwork, batch: Float32Array, count: number): Promise<StockOutput> {
	const dir = path.join(mkdtempSync(path.join(tmpdir(), 'mien-stock-')), 'model');
	try {
		const { url } = writeModel(dir, packed);
		return await runStock(path.join(path.dirname(dir), url), batch, count);
	} finally {
		rmSync(path.dirname(dir), { recursive: true });
	}
}
