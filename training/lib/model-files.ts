/** Models on disk as they ship: model.json and its weights, each with its hash in its name. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { NetworkDescription } from '../../src/lib/core/network/description';
import { asGraphModel, readGraphModel } from '../../src/lib/core/network/graph-model';
import type { ModelFiles } from '../../src/lib/manifest';
import { messageOf, UserError } from './errors';
import { sha256, writeWhole } from './files';
import { graphModelOf, type PackedNetwork } from './graph-model';

const FILE_NAME = /^(model-[0-9a-f]+\.json|weights-(\d+of\d+-)?[0-9a-f]+\.bin)$/;
/** Hex digits of the hash in a file's name: enough that a changed file never keeps its address. */
const DIGITS = 12;
/** Size of a shard of weights: the same as tfjs's. */
const SHARD_BYTES = 4 * 1024 * 1024;

/**
 * Writes a network to `dir`: model.json and its weights, each with its hash in its name, replacing those that were
 * there.
 */
export function writeModel(dir: string, packed: PackedNetwork): ModelFiles {
	const { weights } = packed;
	const count = Math.max(1, Math.ceil(weights.length / SHARD_BYTES));
	const shards = Array.from({ length: count }, (_, index) => {
		const bytes = weights.subarray(index * SHARD_BYTES, (index + 1) * SHARD_BYTES);
		const place = count === 1 ? '' : `${String(index + 1)}of${String(count)}-`;
		return { bytes, name: `weights-${place}${sha256(bytes).slice(0, DIGITS)}.bin` };
	});
	const names = shards.map(({ name }) => name);
	const json = JSON.stringify(graphModelOf(packed, names));
	const file = `model-${sha256(json).slice(0, DIGITS)}.json`;
	if (existsSync(dir)) for (const name of readdirSync(dir)) if (FILE_NAME.test(name)) rmSync(path.join(dir, name));
	for (const { name, bytes } of shards) writeWhole(path.join(dir, name), [bytes]);
	writeWhole(path.join(dir, file), [json]);
	return modelFiles(dir);
}

/** What the manifest says about the model in `dir`. Throws Error if there is none, or more than one. */
export function modelFiles(dir: string): ModelFiles {
	const names = readdirSync(dir).filter((name) => FILE_NAME.test(name));
	const [file, ...others] = names.filter((name) => name.endsWith('.json'));
	if (file === undefined || others.length > 0)
		throw new Error(`it has ${String(names.length)} files of a model, not one model.json and its weights`);
	const json = readFileSync(path.join(dir, file));
	const { paths } = asGraphModel(JSON.parse(json.toString())).weightsManifest[0];
	const missing = paths.find((name) => !names.includes(name));
	if (missing !== undefined || paths.length !== names.length - 1)
		throw new Error(`${missing ?? 'a file that model.json names'} is missing or damaged`);
	const weights = Buffer.concat(paths.map((name) => readFileSync(path.join(dir, name))));
	const folder = path.basename(dir);
	return {
		url: `${folder}/${file}`,
		weightsUrls: paths.map((name) => `${folder}/${name}`),
		bytes: json.length + weights.length,
		sha256: sha256(json),
		weightsSha256: sha256(weights)
	};
}

/** The network in `dir`. Throws UserError if it is missing or damaged. */
export function readModel(dir: string): NetworkDescription {
	try {
		const folder = path.dirname(dir);
		const { url, weightsUrls } = modelFiles(dir);
		const model = asGraphModel(JSON.parse(readFileSync(path.join(folder, url), 'utf8')));
		const shards = weightsUrls.map((name) => {
			const bytes = readFileSync(path.join(folder, name));
			if (!name.endsWith(`-${sha256(bytes).slice(0, DIGITS)}.bin`)) throw new Error(`${name} is missing or damaged`);
			return bytes;
		});
		return readGraphModel(model, Buffer.concat(shards));
	} catch (thrown) {
		throw new UserError(`The model in ${dir} could not be read: ${messageOf(thrown)}. Export it again.`);
	}
}
