/**
 * `npm run bench -- far [--video FOLDER]`: how many faces of a known height each way of searching finds, what it takes
 * for a face that is none, and what it costs. The faces are ONE person (tests/fixtures/astronaut.png), pasted with hair
 * and shoulders at seeded places, mirrored or not, turned by up to 12 degrees, darker or brighter; then the whole frame
 * goes through JPEG. So the figures compare ways of searching; they do not tell how often people in general are found.
 *
 * The scenes are drawn (boxes, discs, stripes, noise). With `--video`, a folder with classroom.mp4 and
 * face-demographics-walking-and-pause.mp4 of Intel's IoT DevKit sample videos, frames of these come beside them,
 * enlarged. People sit in a known part of them: there nothing is pasted, and nothing found counts for or against.
 */
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import sharp, { type OverlayOptions, type Sharp } from 'sharp';
import { boxCentre } from '../../src/lib/core/geometry';
import { NOTHING_KNOWN, searchFrame, type SearchState } from '../../src/lib/core/search';
import {
	CANDIDATE_CONFIDENCE,
	closeLook,
	isCut,
	lookClosely,
	mergeFaces,
	planTiles,
	thoroughDetector,
	type Detectors
} from '../../src/lib/core/tiles';
import type { Box, DetectedFace, FaceDetector, Frame } from '../../src/lib/core/types';
import { parseManifest, type DetectorEntry } from '../../src/lib/manifest';
import { buildDetector } from '../../src/lib/worker/detector';
import { readArtifacts } from '../../training/model-files';
import { createRandom, uniform, type Random } from '../../training/random';
import { median } from './figures';

const MODELS = 'static/models';
const PORTRAIT = 'tests/fixtures/astronaut.png';
const HEIGHTS_PX = [24, 28, 32, 40, 48, 60] as const;
/** Faces of each height in one frame. */
const EACH = 2;
const SIZES = [
	{ width: 1280, height: 720, drawn: 8, filmed: 6 },
	{ width: 1920, height: 1080, drawn: 3, filmed: 2 }
] as const;
/** Tiles take too long for all frames of a clip. */
const SLOW_EVERY = 8;
const LIMITS = { minConfidence: 0.5, maxFaces: 32 };
/** Where the smallest faces that the near detector finds in a tile begin; below, its recall falls (81 % at 14 of 128 pixels). */
const NEAR_SHARE = 15 / 128;
/** The pasted square, in face heights: hair and shoulders are in it. */
const PATCH = 2.6;
/** Where people are in the clips, in fractions of the frame. */
const CLIPS = [
	{ file: 'classroom.mp4', people: { x: 0.07, y: 0.4, width: 0.7, height: 0.48 } },
	{ file: 'face-demographics-walking-and-pause.mp4', people: { x: 0, y: 0.16, width: 0.95, height: 0.84 } }
] as const;

interface Scene {
	readonly frame: Frame;
	/** Nothing in here counts. */
	readonly people: Box | null;
}

interface Planted {
	readonly box: Box;
	readonly heightPx: number;
}

/** A way of searching: the faces of the last of some frames that show the same, and over how many frames it looked. */
interface Scheme {
	readonly name: string;
	readonly rounds: (frame: Frame) => number;
	/** It sees each of so many filmed frames. */
	readonly every: number;
	readonly begin: () => (frame: Frame) => Promise<DetectedFace[]>;
}

let looks = { near: 0, far: 0 };
const lookMs: Record<'near' | 'far', number[]> = { near: [], far: [] };

async function load(entry: DetectorEntry, kind: 'near' | 'far'): Promise<FaceDetector> {
	const detector = await buildDetector(entry, readArtifacts(path.join(MODELS, entry.url)), LIMITS);
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

/** Tiles with the near detector alone, then closer looks. */
function nearTiles(near: FaceDetector, smallestFacePx: number): (frame: Frame) => Promise<DetectedFace[]> {
	return async (frame) => {
		const found = await near.detect(frame);
		const candidates: DetectedFace[] = [];
		for (const region of planTiles(frame.width, frame.height, smallestFacePx, NEAR_SHARE)) {
			const faces = await near.detect(frame, { region, minConfidence: CANDIDATE_CONFIDENCE });
			candidates.push(...faces.filter((face) => !isCut(face, region, frame)));
		}
		for (const candidate of mergeFaces(candidates, Infinity)) {
			const face = await lookClosely(near, frame, candidate, LIMITS.minConfidence);
			if (face !== null) found.push(face);
		}
		return mergeFaces(found, LIMITS.maxFaces);
	};
}

function schemes({ near, far }: Detectors): Scheme[] {
	const once = (): number => 1;
	const twoRates = (smallestFacePx: number): Scheme => ({
		name: `two rates, from ${String(smallestFacePx)} px`,
		rounds: ({ width, height }) => planTiles(width, height, smallestFacePx).length,
		every: 1,
		begin: () => {
			let state: SearchState = NOTHING_KNOWN;
			return async (frame) => {
				const [next, faces] = await searchFrame(frame, { near, far }, { ...LIMITS, smallestFacePx }, state);
				state = next;
				return faces;
			};
		}
	});
	return [
		{ name: 'one look, short range', rounds: once, every: 1, begin: () => (frame) => near.detect(frame) },
		twoRates(32),
		twoRates(24),
		{
			name: 'tiles, full range, 24 px',
			rounds: once,
			every: SLOW_EVERY,
			begin: () => (frame) => thoroughDetector({ near, far }, { ...LIMITS, smallestFacePx: 24 }).detect(frame)
		},
		{ name: 'tiles, short range, 24 px', rounds: once, every: SLOW_EVERY, begin: () => nearTiles(near, 24) }
	];
}

async function toFrame(picture: Sharp): Promise<Frame> {
	const { data, info } = await picture.ensureAlpha().raw().toBuffer({ resolveWithObject: true });
	return { width: info.width, height: info.height, data: new Uint8ClampedArray(data) };
}

/** Boxes, discs and stripes under noise, none of them a face. */
async function drawScene(width: number, height: number, random: Random): Promise<Scene> {
	const grey = (): string => `hsl(${String(uniform(random, 0, 360))} 25% ${String(uniform(random, 15, 85))}%)`;
	const shapes = Array.from({ length: 90 }, () => {
		const [x, y] = [uniform(random, -50, width), uniform(random, -50, height)];
		const [w, h] = [uniform(random, 8, 220), uniform(random, 8, 220)];
		const kind = random();
		if (kind < 0.45)
			return `<rect x="${String(x)}" y="${String(y)}" width="${String(w)}" height="${String(h)}" fill="${grey()}"/>`;
		if (kind < 0.75)
			return `<ellipse cx="${String(x)}" cy="${String(y)}" rx="${String(w / 3)}" ry="${String(h / 3)}" fill="${grey()}"/>`;
		return `<rect x="${String(x)}" y="${String(y)}" width="${String(w)}" height="${String(h)}" fill="none" stroke="${grey()}" stroke-width="${String(h / 5)}" stroke-dasharray="${String(w / 9)}"/>`;
	});
	const size = `width="${String(width)}" height="${String(height)}"`;
	const svg = `<svg xmlns="http://www.w3.org/2000/svg" ${size}><rect ${size} fill="${grey()}"/>${shapes.join('')}</svg>`;
	const frame = await toFrame(sharp(Buffer.from(svg)).removeAlpha());
	const strength = uniform(random, 0, 24);
	for (let index = 0; index < frame.data.length; index++)
		if (index % 4 !== 3) frame.data[index] = (frame.data[index] ?? 0) + strength * (random() + random() - 1);
	return { frame, people: null };
}

/** All frames of the clips in `folder`, enlarged. */
function filmedScenes(folder: string, width: number, height: number): Scene[] {
	const bytes = width * height * 4;
	return CLIPS.flatMap(({ file, people }) => {
		const scale = `scale=${String(width)}:${String(height)}`;
		const args = [
			'-v',
			'error',
			'-i',
			path.join(folder, file),
			'-vf',
			scale,
			'-f',
			'rawvideo',
			'-pix_fmt',
			'rgba',
			'-'
		];
		const { status, stdout, stderr } = spawnSync('ffmpeg', args, { maxBuffer: 2 ** 31 });
		if (status !== 0) throw new Error(`ffmpeg could not read ${file}: ${String(stderr)}`);
		const box = {
			x: people.x * width,
			y: people.y * height,
			width: people.width * width,
			height: people.height * height
		};
		return Array.from({ length: Math.floor(stdout.length / bytes) }, (_, index) => ({
			frame: { width, height, data: new Uint8ClampedArray(stdout.subarray(index * bytes, (index + 1) * bytes)) },
			people: box
		}));
	});
}

/** The face of the portrait in its pixels, as a close look shows it. */
async function portraitFace(near: FaceDetector): Promise<Box> {
	const frame = await toFrame(sharp(PORTRAIT));
	const [rough] = await near.detect(frame);
	const [face] = rough === undefined ? [] : await near.detect(frame, { region: closeLook(rough, 0.35) });
	if (face === undefined) throw new Error(`No face is found in ${PORTRAIT}`);
	return face.box;
}

/** A head `heightPx` high in the middle of a square with soft borders. */
async function head(face: Box, heightPx: number, random: Random): Promise<{ input: Buffer; sidePx: number }> {
	const centre = boxCentre(face);
	const side = Math.round(Math.min(PATCH * face.height, 2 * centre.x, 2 * centre.y));
	const sidePx = Math.round((side * heightPx) / face.height);
	let cut = sharp(PORTRAIT).extract({
		left: Math.round(centre.x - side / 2),
		top: Math.round(centre.y - side / 2),
		width: side,
		height: side
	});
	if (random() < 0.5) cut = cut.flop();
	const upright = await cut
		.modulate({ brightness: uniform(random, 0.55, 1.2) })
		.png()
		.toBuffer();
	const turned = await sharp(upright)
		.rotate(uniform(random, -12, 12), { background: '#707070' })
		.png()
		.toBuffer();
	const { width: turnedPx } = await sharp(turned).metadata();
	const from = Math.floor((turnedPx - side) / 2);
	const square = await sharp(turned).extract({ left: from, top: from, width: side, height: side }).png().toBuffer();
	const mask = Buffer.from(
		`<svg xmlns="http://www.w3.org/2000/svg" width="${String(sidePx)}" height="${String(sidePx)}"><radialGradient id="g"><stop offset="0.8" stop-color="#fff"/><stop offset="1" stop-color="#fff" stop-opacity="0"/></radialGradient><rect width="100%" height="100%" fill="url(#g)"/></svg>`
	);
	const input = await sharp(square)
		.resize(sidePx, sidePx)
		.ensureAlpha()
		.composite([{ input: mask, blend: 'dest-in' }])
		.png()
		.toBuffer();
	return { input, sidePx };
}

function overlaps(a: Box, b: Box): boolean {
	return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

/** The scene with faces of all heights, none over another. */
async function plant(
	{ frame, people }: Scene,
	face: Box,
	random: Random
): Promise<{ frame: Frame; planted: Planted[] }> {
	const taken: Box[] = people === null ? [] : [people];
	const planted: Planted[] = [];
	const layers: OverlayOptions[] = [];
	for (const heightPx of HEIGHTS_PX.flatMap((height) => Array<number>(EACH).fill(height))) {
		const { input, sidePx } = await head(face, heightPx, random);
		for (let attempt = 0; attempt < 500; attempt++) {
			const left = Math.floor(uniform(random, 0, frame.width - sidePx));
			const top = Math.floor(uniform(random, 0, frame.height - sidePx));
			const place = { x: left, y: top, width: sidePx, height: sidePx };
			if (taken.some((other) => overlaps(place, other))) continue;
			taken.push(place);
			layers.push({ input, left, top });
			const offset = (sidePx - heightPx) / 2;
			planted.push({ box: { x: left + offset, y: top + offset, width: heightPx, height: heightPx }, heightPx });
			break;
		}
	}
	const raw = { width: frame.width, height: frame.height, channels: 4 } as const;
	const jpeg = await sharp(frame.data, { raw }).composite(layers).removeAlpha().jpeg({ quality: 80 }).toBuffer();
	return { frame: await toFrame(sharp(jpeg)), planted };
}

function isFound({ box }: Planted, faces: readonly DetectedFace[]): boolean {
	const { x, y } = boxCentre(box);
	return faces.some((face) => {
		const centre = boxCentre(face.box);
		const resized = face.box.height / box.height;
		return Math.hypot(centre.x - x, centre.y - y) < 0.4 * box.height && resized > 0.6 && resized < 1.7;
	});
}

/** Faces outside the part where people are. */
function falseFaces(faces: readonly DetectedFace[], people: Box | null): number {
	if (people === null) return faces.length;
	return faces.filter(({ box }) => !overlaps(box, people)).length;
}

const percent = (share: number): string => (100 * share).toFixed(0);

const { values } = parseArgs({ allowPositionals: true, options: { video: { type: 'string' } } });
const video = values.video !== undefined && existsSync(values.video) ? values.video : null;
setWasmPaths(`${path.resolve('node_modules/@tensorflow/tfjs-backend-wasm/dist')}/`);
await tf.setBackend('wasm');
const manifest = parseManifest(JSON.parse(readFileSync(path.join(MODELS, 'index.json'), 'utf8')));
const detectors = { near: await load(manifest.detector, 'near'), far: await load(manifest.farDetector, 'far') };
const face = await portraitFace(detectors.near);
console.log(
	`${cpus()[0]?.model.trim() ?? 'processor'}, ${String(availableParallelism())} threads, WASM with one; load ${loadavg()[0]?.toFixed(1) ?? '?'}` +
		(video === null ? '; drawn scenes alone' : '; drawn and filmed scenes')
);

for (const { width, height, drawn, filmed } of SIZES) {
	const random = createRandom(7, width);
	const scenes: Scene[] = [];
	for (let index = 0; index < drawn; index++) scenes.push(await drawScene(width, height, random));
	const clip = video === null ? [] : filmedScenes(video, width, height);
	const stills = clip.filter((_, index) => index % Math.floor(clip.length / filmed) === 0).slice(0, filmed);
	const pictures: Awaited<ReturnType<typeof plant>>[] = [];
	for (const scene of [...scenes, ...stills]) pictures.push(await plant(scene, face, random));
	const each = HEIGHTS_PX.map(
		(px) => pictures.flatMap(({ planted }) => planted).filter((p) => p.heightPx === px).length
	);
	console.log(
		`\n${String(width)}x${String(height)}: ${String(pictures.length)} frames with faces (${each.join(', ')} of each height), ` +
			`${String(scenes.length + clip.length)} without (${String(scenes.length)} drawn, ${String(clip.length)} filmed)`
	);
	const titles = ['', ...HEIGHTS_PX.map((px) => `${String(px)} px`), 'false/100', 'near', 'far', 'ms'];
	const line = (cells: readonly string[]): string =>
		cells.map((cell, index) => (index === 0 ? cell.padEnd(28) : cell.padStart(10))).join('');
	console.log(line(titles));
	for (const { name, rounds, every, begin } of schemes(detectors)) {
		const found = HEIGHTS_PX.map(() => 0);
		for (const { frame, planted } of pictures) {
			const search = begin();
			let faces: DetectedFace[] = [];
			for (let round = 0; round < rounds(frame); round++) faces = await search(frame);
			for (const each of planted) {
				const index = HEIGHTS_PX.findIndex((px) => px === each.heightPx);
				if (isFound(each, faces)) found[index] = (found[index] ?? 0) + 1;
			}
		}
		looks = { near: 0, far: 0 };
		let [wrong, frames] = [0, 0];
		const startMs = performance.now();
		for (const scene of scenes) {
			const search = begin();
			for (let round = 0; round < rounds(scene.frame); round++) {
				wrong += falseFaces(await search(scene.frame), scene.people);
				frames++;
			}
		}
		const search = begin();
		for (const scene of clip.filter((_, index) => index % every === 0)) {
			wrong += falseFaces(await search(scene.frame), scene.people);
			frames++;
		}
		console.log(
			line([
				name,
				...found.map((count, index) => percent(count / (each[index] ?? 1))),
				((100 * wrong) / frames).toFixed(1),
				(looks.near / frames).toFixed(1),
				(looks.far / frames).toFixed(1),
				((performance.now() - startMs) / frames).toFixed(0)
			])
		);
	}
}
console.log(
	`\nOne look in the median: short range ${median(lookMs.near).toFixed(1)} ms, full range ${median(lookMs.far).toFixed(1)} ms.`
);
