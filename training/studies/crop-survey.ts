/**
 * Which square FER2013's pictures show, relative to the box that the detector finds: a classifier trained on them
 * should be shown the same square of a camera's frame.
 */
import type { Network } from '../../src/lib/core/network/network';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startBackend } from '../backend/index';
import { DETECTORS, loadDetectorNetwork } from '../blazeface/detector';
import { loadData, wholeNumber } from '../commands/flags';
import { MODELS_DIR } from '../commands/paths';
import { say, withBar } from '../commands/terminal';
import { pictureOf } from '../data/dataset';
import { rowsOfSplit } from '../evaluate/predict';
import { createRandom, shuffle } from '../lib/random';
import { FER2013_SIDE } from '../../src/lib/core/fer2013';
import { SHORT_RANGE, decodeFaces } from '../../src/lib/core/blazeface';
import { boxCentre, clamp, eyeAngle, rotatePoint, type Letterbox } from '../../src/lib/core/geometry';
import type { CropSpec, DetectedFace, Point } from '../../src/lib/core/types';

/**
 * How a picture is placed in the detector's input: enlarged to `sidePx`, in the middle, surrounded by its own edge
 * pixels or by mid-grey. None is right, since the picture ends where the detector would like to see hair and shoulders;
 * each shifts the box its own way by a few hundredths, and their median evens that out.
 */
const PLACEMENTS = [56, 72, 88].flatMap((sidePx) => [
	{ sidePx, border: 'edge' as const },
	{ sidePx, border: 'grey' as const }
]);
type Placement = (typeof PLACEMENTS)[number];

const MIN_CONFIDENCE = 0.5;
const BATCH = 16;
const PERCENTS = [5, 25, 50, 75, 95] as const;
const LARGE_ROLL_DEGREES = 15;

/** Values at 5, 25, 50, 75 and 95 %. */
export type Percentiles = readonly number[];

export interface SurveyedCrop {
	/** The medians. */
	readonly crop: CropSpec;
	readonly scale: Percentiles;
	readonly shiftX: Percentiles;
	readonly shiftY: Percentiles;
}

export interface CropSurvey {
	readonly pictures: number;
	/** Pictures with a face in at least one placement, and those for each placement. */
	readonly detected: number;
	readonly placements: readonly (Placement & { readonly detected: number })[];
	/** Roll of the line through the eyes. */
	readonly rollDegrees: Percentiles;
	/** Share of faces rolled by more than 15 degrees. */
	readonly largeRolls: number;
	readonly level: SurveyedCrop;
	readonly aligned: SurveyedCrop;
}

/** What one picture shows: its own square relative to the face in it. */
interface Sighting {
	readonly scale: number;
	readonly shift: Point;
	/** The shift as it lies in a square turned with the eyes. */
	readonly alignedShift: Point;
	readonly rollDegrees: number;
}

/** The value at each of the percentages, by nearest rank. */
function percentiles(values: readonly number[], percents: readonly number[]): number[] {
	const sorted = values.toSorted((a, b) => a - b);
	return percents.map((percent) => sorted[Math.round(((sorted.length - 1) * percent) / 100)] ?? NaN);
}

function median(values: readonly number[]): number {
	return percentiles(values, [50])[0] ?? NaN;
}

function transformOf({ sidePx }: Placement): Letterbox {
	const offset = (SHORT_RANGE.size - sidePx) / 2;
	return { scale: sidePx / FER2013_SIDE, offsetX: offset, offsetY: offset };
}

/** Writes [128, 128, 3] of the detector's input from `offset`: the picture enlarged bilinearly, then its border. */
function place(picture: Uint8Array, placement: Placement, out: Float32Array, offset: number): void {
	const { size, range } = SHORT_RANGE;
	const { scale, offsetX } = transformOf(placement);
	const last = FER2013_SIDE - 1;
	const at = (column: number, row: number): number => picture[row * FER2013_SIDE + column] ?? 0;
	const isOutside = (position: number): boolean => position < 0 || position > FER2013_SIDE;
	const grey = (range[0] + range[1]) / 2;
	let next = offset;
	for (let row = 0; row < size; row++)
		for (let column = 0; column < size; column++) {
			const [right, down] = [(column + 0.5 - offsetX) / scale, (row + 0.5 - offsetX) / scale];
			let value = grey;
			if (placement.border === 'edge' || !(isOutside(right) || isOutside(down))) {
				const [x, y] = [clamp(right - 0.5, 0, last), clamp(down - 0.5, 0, last)];
				const [left, top] = [Math.min(Math.floor(x), last - 1), Math.min(Math.floor(y), last - 1)];
				const upper = at(left, top) + (at(left + 1, top) - at(left, top)) * (x - left);
				const lower = at(left, top + 1) + (at(left + 1, top + 1) - at(left, top + 1)) * (x - left);
				value = range[0] + ((upper + (lower - upper) * (y - top)) * (range[1] - range[0])) / 255;
			}
			out.fill(value, next, next + 3);
			next += 3;
		}
}

/** The most confident face of each picture, in pixels of the picture; undefined if none is found. */
export async function findFaces(
	pictures: readonly Uint8Array[],
	placement: Placement,
	detector: Network
): Promise<(DetectedFace | undefined)[]> {
	const { size } = SHORT_RANGE;
	const input = new Float32Array(pictures.length * size * size * 3);
	for (const [index, picture] of pictures.entries()) place(picture, placement, input, index * size * size * 3);
	const output = detector.run(input, pictures.length);
	const raw = await output.data<'float32'>();
	output.dispose();
	const length = raw.length / pictures.length;
	return pictures.map((_, index) => {
		const values = raw.subarray(index * length, (index + 1) * length);
		return decodeFaces(values, transformOf(placement), { minConfidence: MIN_CONFIDENCE, maxFaces: 1 })[0];
	});
}

function sight(face: DetectedFace): Sighting {
	const middle = boxCentre(face.box);
	const half = FER2013_SIDE / 2;
	const shift = { x: (half - middle.x) / FER2013_SIDE, y: (half - middle.y) / FER2013_SIDE };
	const angle = eyeAngle(face);
	return {
		scale: (2 * FER2013_SIDE) / (face.box.width + face.box.height),
		shift,
		alignedShift: rotatePoint(shift, -angle, { x: 0, y: 0 }),
		rollDegrees: (angle * 180) / Math.PI
	};
}

/** One sighting of a picture from those of its placements. */
function medianSighting(sightings: readonly Sighting[]): Sighting {
	const of = (read: (sighting: Sighting) => number): number => median(sightings.map(read));
	return {
		scale: of(({ scale }) => scale),
		shift: { x: of(({ shift }) => shift.x), y: of(({ shift }) => shift.y) },
		alignedShift: { x: of(({ alignedShift }) => alignedShift.x), y: of(({ alignedShift }) => alignedShift.y) },
		rollDegrees: of(({ rollDegrees }) => rollDegrees)
	};
}

/**
 * Surveys pictures of 48 x 48 grey values with the converted detector. The caller sets tfjs's back end (wasm: about ten
 * pictures per second) and disposes the detector; `onPictures` is told how many are done.
 */
export async function surveyCrop(
	pictures: readonly Uint8Array[],
	detector: Network,
	onPictures: (done: number) => void = () => undefined
): Promise<CropSurvey> {
	const found = PLACEMENTS.map((placement) => ({ ...placement, detected: 0 }));
	const sightings: Sighting[] = [];
	for (let start = 0; start < pictures.length; start += BATCH) {
		const batch = pictures.slice(start, start + BATCH);
		const ofPicture = batch.map((): Sighting[] => []);
		for (const placement of found)
			for (const [index, face] of (await findFaces(batch, placement, detector)).entries()) {
				if (face === undefined) continue;
				placement.detected++;
				ofPicture[index]?.push(sight(face));
			}
		sightings.push(...ofPicture.filter((list) => list.length > 0).map(medianSighting));
		onPictures(start + batch.length);
	}

	const spread = (read: (sighting: Sighting) => number): number[] => percentiles(sightings.map(read), PERCENTS);
	const scale = spread((sighting) => sighting.scale);
	const cropOf = (align: boolean, read: (sighting: Sighting) => Point): SurveyedCrop => {
		const shiftX = spread((sighting) => read(sighting).x);
		const shiftY = spread((sighting) => read(sighting).y);
		const [, , x = NaN] = shiftX;
		const [, , y = NaN] = shiftY;
		return { crop: { scale: scale[2] ?? NaN, shift: [x, y], align }, scale, shiftX, shiftY };
	};
	return {
		pictures: pictures.length,
		detected: sightings.length,
		placements: found,
		rollDegrees: spread(({ rollDegrees }) => rollDegrees),
		largeRolls:
			sightings.filter(({ rollDegrees }) => Math.abs(rollDegrees) > LARGE_ROLL_DEGREES).length / sightings.length,
		level: cropOf(false, ({ shift }) => shift),
		aligned: cropOf(true, ({ alignedShift }) => alignedShift)
	};
}

/** The survey as a table for a terminal. */
export function formatCropSurvey(survey: CropSurvey): string {
	const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
	const row = (name: string, values: Percentiles, digits: number): string =>
		[name.padEnd(24), ...values.map((value) => value.toFixed(digits).padStart(9))].join('');
	return [
		`faces found in ${String(survey.detected)} of ${String(survey.pictures)} pictures`,
		...survey.placements.map(
			({ sidePx, border, detected }) =>
				`  enlarged to ${String(sidePx)} px, border ${border}: ${percent(detected / survey.pictures)}`
		),
		'',
		['percentile'.padEnd(24), ...PERCENTS.map((value) => String(value).padStart(9))].join(''),
		row('scale', survey.level.scale, 3),
		row('shift x', survey.level.shiftX, 3),
		row('shift y', survey.level.shiftY, 3),
		row('shift x, eyes level', survey.aligned.shiftX, 3),
		row('shift y, eyes level', survey.aligned.shiftY, 3),
		row('roll, degrees', survey.rollDegrees, 1),
		`rolled by more than ${String(LARGE_ROLL_DEGREES)} degrees: ${percent(survey.largeRolls)}`
	].join('\n');
}

/** `npm run study -- crop-survey`; gives the exit code. Throws UserError. */
export async function surveyCommand(args: string[]): Promise<number> {
	const { values } = parseArgs({ args, options: { data: { type: 'string' }, pictures: { type: 'string' } } });
	const count = wholeNumber('pictures', values.pictures, 1) ?? 4000;
	const dataset = await loadData(values.data);
	const rows = shuffle(rowsOfSplit(dataset, 'train'), createRandom(1)).subarray(0, count);
	await startBackend('wasm');
	const detector = loadDetectorNetwork(path.join(MODELS_DIR, DETECTORS.short.folder));
	const pictures = Array.from(rows, (row) => pictureOf(dataset, row));
	const format = 'Looking for faces [{bar}] {percentage}% {eta_formatted} left';
	say(formatCropSurvey(await withBar(format, rows.length, (update) => surveyCrop(pictures, detector, update))));
	return 0;
}
