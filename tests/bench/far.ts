/**
 * `npm run bench -- far [--video FOLDER] [--size 1280x720]`: how many faces of a known height each way of searching
 * finds, how many false faces it shows, and what a frame costs.
 *
 * Recall: heads pasted into still pictures with hair and shoulders at seeded places, mirrored or not, rotated by up to
 * 12 degrees, darker or brighter; each picture is searched for one round. False faces: footage without faces; only the
 * frames after the first round count, when every place has been searched: what the pipeline returns there is what the
 * kiosk draws and logs. Without `--video`, the scenes are drawn and all heads are ONE person's
 * (tests/fixtures/astronaut.png). With it, scenes and five more heads come from Intel's IoT DevKit sample videos
 * classroom.mp4, face-demographics-walking-and-pause.mp4 and head-pose-face-detection-female-and-male.mp4. So the
 * figures compare ways of searching; they do not say how often people in general are found.
 */
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { analyse, INITIAL_STATE, type AnalysisTools } from '../../src/lib/core/analyse';
import { framesOfRound } from '../../src/lib/core/search';
import { thoroughDetector } from '../../src/lib/core/still';
import type { Detectors } from '../../src/lib/core/tiles';
import type { FaceDetector, Frame, TrackedFace } from '../../src/lib/core/types';
import { parseManifest, type DetectorEntry } from '../../src/lib/manifest';
import { buildDetector } from '../../src/lib/worker/detector';
import { readModel } from '../../training/lib/model-files';
import { createRandom } from '../../training/lib/random';
import { drawTakes, filmTakes, HEIGHTS_PX, isAt, pick, plant, readPortraits } from './far-scenes';
import { median } from './figures';

const MODELS = 'static/models';
/** Pictures with heads, two of each height. */
const PICTURES = 52;
/** Takes without faces. */
const TAKES = 100;
/** Frames of a take that count, after those of the first round. */
const COUNTED = 4;
const LIMITS = { minConfidence: 0.5, maxFaces: 32 };
const FRAME_MS = 100;
const SMALLEST_PX = 24;

/** A way of searching. */
interface Scheme {
	readonly name: string;
	/** Frames until every place has been searched. */
	readonly round: number;
	readonly still: boolean;
	readonly tools: Pick<AnalysisTools, 'detector' | 'far'>;
}

let looks = { near: 0, far: 0 };
const lookMs: Record<'near' | 'far', number[]> = { near: [], far: [] };

function load(entry: DetectorEntry, kind: 'near' | 'far'): FaceDetector {
	const detector = buildDetector(entry, readModel(path.join(MODELS, path.dirname(entry.url))), LIMITS);
	return {
		async detect(frame, options) {
			looks[kind]++;
			const startMs = performance.now();
			const faces = await detector.detect(frame, options);
			lookMs[kind].push(performance.now() - startMs);
			return faces;
		}
	};
}

function schemes({ near, far }: Detectors, size: { width: number; height: number }): Scheme[] {
	const smallestFacePx = SMALLEST_PX;
	return [
		{ name: 'one look, short range', round: 1, still: false, tools: { detector: near } },
		{
			name: `two rates, from ${String(smallestFacePx)} px`,
			round: framesOfRound(size, smallestFacePx),
			still: false,
			tools: { detector: near, far: { detector: far, smallestFacePx } }
		},
		{
			name: `as photos, from ${String(smallestFacePx)} px`,
			round: 1,
			still: true,
			tools: { detector: thoroughDetector({ near, far }, { ...LIMITS, smallestFacePx }) }
		}
	];
}

/** Watches one source from its first frame on; each call gives the faces shown in the next frame. */
function watch({ tools, still }: Scheme): (frame: Frame) => Promise<readonly TrackedFace[]> {
	let [state, timeMs] = [INITIAL_STATE, 0];
	return async (frame) => {
		const settings = { ...LIMITS, smoothingMs: 0, timeMs, still, readMs: 0 };
		const analysed = await analyse(frame, { ...tools, classifiers: [], now: () => performance.now() }, settings, state);
		[state, timeMs] = [analysed.state, timeMs + FRAME_MS];
		return analysed.result.faces;
	};
}

/** What a way of searching did in the footage. */
interface Tally {
	frames: number;
	/** Summed over the frames. */
	shown: number;
	/** Each counted once. */
	faces: number;
	near: number;
	far: number;
	ms: number;
}

/** Searches footage in all ways side by side, so that they meet the same load. */
async function searchTakes(takes: AsyncIterable<readonly Frame[]>, ways: readonly Scheme[]): Promise<Tally[]> {
	const tallies = ways.map((): Tally => ({ frames: 0, shown: 0, faces: 0, near: 0, far: 0, ms: 0 }));
	const longest = Math.max(...ways.map(({ round }) => round));
	for await (const take of takes) {
		const searches = ways.map(watch);
		const ids = ways.map(() => new Set<number>());
		for (let index = 0; index < longest + COUNTED; index++) {
			const frame = pick(take, index);
			for (const [which, { round, still }] of ways.entries()) {
				const [search, tally, seen] = [searches[which], tallies[which], ids[which]];
				// A search with a shorter round skips the first frames; a still search sees only one.
				if (index < longest - round || (still && index !== longest)) continue;
				if (search === undefined || tally === undefined || seen === undefined) continue;
				looks = { near: 0, far: 0 };
				const startMs = performance.now();
				const faces = await search(frame);
				if (index < longest) continue;
				tally.ms += performance.now() - startMs;
				tally.near += looks.near;
				tally.far += looks.far;
				tally.frames++;
				tally.shown += faces.length;
				for (const { id } of faces) seen.add(id);
			}
		}
		for (const [which, tally] of tallies.entries()) tally.faces += ids[which]?.size ?? 0;
	}
	return tallies;
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
const line = (cells: readonly string[]): string =>
	cells.map((cell, index) => (index === 0 ? cell.padEnd(26) : cell.padStart(9))).join('');

const { values } = parseArgs({
	allowPositionals: true,
	options: { video: { type: 'string' }, size: { type: 'string', default: '1280x720' } }
});
const [width = NaN, height = NaN] = values.size.split('x').map(Number);
const size = { width, height };
const video = values.video ?? null;
setWasmPaths(`${path.resolve('node_modules/@tensorflow/tfjs-backend-wasm/dist')}/`);
await tf.setBackend('wasm');
const manifest = parseManifest(JSON.parse(readFileSync(path.join(MODELS, 'index.json'), 'utf8')));
const detectors = { near: load(manifest.detector, 'near'), far: load(manifest.farDetector, 'far') };
const ways = schemes(detectors, size);
const portraits = await readPortraits(detectors.near, video);
const scenesOf = (count: number, seed: number): AsyncIterable<Frame[]> =>
	video === null
		? drawTakes(count, size, createRandom(7, width, seed))
		: filmTakes(video, count, size, createRandom(7, width, seed));

console.log(
	`${cpus()[0]?.model.trim() ?? 'processor'}, ${String(availableParallelism())} threads, WASM with one; load ${loadavg()[0]?.toFixed(1) ?? '?'}\n` +
		`${String(width)}x${String(height)}, ${video === null ? 'drawn' : 'filmed'} scenes, ${String(portraits.length)} person(s)`
);

const planted = HEIGHTS_PX.map(() => 0);
const found = ways.map(() => HEIGHTS_PX.map(() => 0));
const random = createRandom(7, width, 1);
for await (const scene of scenesOf(PICTURES, 2)) {
	const picture = await plant(pick(scene, 0), portraits, random);
	const searches = ways.map(watch);
	for (const [which, search] of searches.entries()) {
		let faces: readonly TrackedFace[] = [];
		for (let turn = 0; turn < (ways[which]?.round ?? 0); turn++) faces = await search(picture.frame);
		for (const [index, heightPx] of HEIGHTS_PX.entries()) {
			const here = picture.planted.filter((each) => each.heightPx === heightPx);
			const seen = here.filter((each) => faces.some(({ box }) => isAt(each, box)));
			if (which === 0) planted[index] = (planted[index] ?? 0) + here.length;
			const row = found[which];
			if (row !== undefined) row[index] = (row[index] ?? 0) + seen.length;
		}
	}
}
console.log(`\nRecall: ${planted.join(', ')} faces of each height, after one round`);
console.log(line(['', ...HEIGHTS_PX.map((px) => `${String(px)} px`)]));
for (const [which, { name }] of ways.entries())
	console.log(line([name, ...(found[which] ?? []).map((count, index) => percent(count / (planted[index] ?? NaN)))]));

const tallies = await searchTakes(scenesOf(TAKES, 3), ways);
console.log('\nWithout faces: false faces shown, and what a frame takes');
console.log(line(['', 'takes', 'frames', 'faces', 'shown', 'per 100', 'near', 'far', 'ms']));
for (const [which, { frames, shown, faces, near, far, ms }] of tallies.entries()) {
	const mean = (sum: number, digits: number): string => (sum / frames).toFixed(digits);
	const counts = [TAKES, frames, faces, shown].map(String);
	console.log(
		line([ways[which]?.name ?? '', ...counts, mean(100 * shown, 1), mean(near, 1), mean(far, 1), mean(ms, 0)])
	);
}
console.log(
	`Median of one look: short range ${median(lookMs.near).toFixed(1)} ms, full range ${median(lookMs.far).toFixed(1)} ms.`
);
