/**
 * `npm run bench -- false --without FOLDER [--with FOLDER]`: in how many pictures without people the photo page reports
 * a face, and in how many pictures of people it finds one. Debian's packages python3-skimage, python3-sklearn,
 * opencv-doc, mate-backgrounds and lomiri-wallpapers-16.04 hold pictures of animals, drawings, streets and things.
 */
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { thoroughDetector } from '../../src/lib/core/still';
import { STILL_LIMITS } from '../../src/lib/core/tiles';
import type { FaceDetector, Frame } from '../../src/lib/core/types';
import { parseManifest, type DetectorEntry } from '../../src/lib/manifest';
import { buildDetector } from '../../src/lib/worker/detector';
import { readModel } from '../../training/lib/model-files';

const MODELS = 'static/models';
const LIMITS = { minConfidence: 0.5, maxFaces: 32 };
/** The size to which the page reduces pictures. */
const MOST_PX = 1920;

async function read(file: string): Promise<Frame> {
	const upright = sharp(file).rotate().flatten().toColourspace('srgb').ensureAlpha();
	const size = { width: MOST_PX, height: MOST_PX, fit: 'inside', withoutEnlargement: true } as const;
	const { data, info } = await upright.resize(size).raw().toBuffer({ resolveWithObject: true });
	return { width: info.width, height: info.height, data: new Uint8ClampedArray(data) };
}

const { values } = parseArgs({
	allowPositionals: true,
	options: { without: { type: 'string' }, with: { type: 'string' } }
});
setWasmPaths(`${path.resolve('node_modules/@tensorflow/tfjs-backend-wasm/dist')}/`);
await tf.setBackend('wasm');
const manifest = parseManifest(JSON.parse(readFileSync(path.join(MODELS, 'index.json'), 'utf8')));
const load = (entry: DetectorEntry): FaceDetector =>
	buildDetector(entry, readModel(path.join(MODELS, path.dirname(entry.url))), LIMITS);
const [near, far] = [load(manifest.detector), load(manifest.farDetector)];
const detector = thoroughDetector({ near, far }, STILL_LIMITS);

for (const [folder, what] of [
	[values.without, 'without people'],
	[values.with, 'of people']
] as const) {
	if (folder === undefined) continue;
	const names = readdirSync(folder).filter((name) => /\.(jpe?g|png|webp)$/i.test(name));
	const claimed: string[] = [];
	for (const name of names) {
		const faces = await detector.detect(await read(path.join(folder, name)), LIMITS);
		if (faces.length > 0) claimed.push(`${name} ${faces.map(({ confidence }) => confidence.toFixed(2)).join(', ')}`);
	}
	console.log(`${names.length} pictures ${what}: a face in ${claimed.length}`);
	if (folder === values.without) for (const line of claimed) console.log(`  ${line}`);
}
