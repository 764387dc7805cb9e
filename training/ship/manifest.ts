/** `static/models/index.json`: what ships. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { MANIFEST_SCHEMA, parseManifest, type Manifest, type ModelEntry } from '../../src/lib/manifest';
import { detectorEntry, DETECTORS } from '../blazeface/detector';
import { UserError, messageOf } from '../lib/errors';
import { writeWhole } from '../lib/files';

/** Reads `modelsDir/index.json`; throws UserError if it is missing or damaged. */
export function readManifest(modelsDir: string): Manifest {
	const file = path.join(modelsDir, 'index.json');
	try {
		return parseManifest(JSON.parse(readFileSync(file, 'utf8')));
	} catch (thrown) {
		throw new UserError(
			`${file} could not be read: ${messageOf(thrown)}. Restore it, or delete it and export the models again.`
		);
	}
}

/** Replaces the entry with the id of `entry`, or adds it at the end; the other entries stay unchanged. */
export function replaceEntry(modelsDir: string, entry: ModelEntry): void {
	const old = existsSync(path.join(modelsDir, 'index.json')) ? readManifest(modelsDir) : undefined;
	const models = old?.models.some(({ id }) => id === entry.id)
		? old.models.map((other) => (other.id === entry.id ? entry : other))
		: [...(old?.models ?? []), entry];
	const manifest: Manifest = {
		schema: MANIFEST_SCHEMA,
		default: old?.default ?? entry.id,
		detector: detectorEntry(DETECTORS.short, modelsDir),
		farDetector: detectorEntry(DETECTORS.full, modelsDir),
		models
	};
	const checked = parseManifest(JSON.parse(JSON.stringify(manifest)));
	writeWhole(path.join(modelsDir, 'index.json'), [`${JSON.stringify(checked, null, '\t')}\n`]);
}
