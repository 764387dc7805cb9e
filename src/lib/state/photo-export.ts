/** Results of pictures as JSON and CSV: the format that the README describes. */
import type { Box, FaceResult, Landmarks, Point } from '../core/types';
import { verdictOf } from '../core/verdict';
import type { ErrorCode } from '../errors';
import { toCsv, type Cell } from './csv';
import type { Photo } from './photos.svelte';

/** A model that may have read faces. */
export interface ExportedModel {
	readonly id: string;
	readonly title: string;
	readonly labels: readonly string[];
	/** What the odds of each label were multiplied by; null if they count as in training. */
	readonly priorRatio: readonly number[] | null;
	/** A label less likely than this, 0..1, is flagged as unsure. */
	readonly unsureBelow: number;
}

interface ExportedReading {
	/** The most likely label, even if it is unsure. */
	readonly label: string;
	readonly unsure: boolean;
	/** By label. */
	readonly probabilities: Readonly<Record<string, number>>;
}

/** All coordinates are pixels of the file's picture, turned upright. */
interface ExportedFace {
	readonly id: number;
	readonly confidence: number;
	readonly box: Box;
	readonly landmarks: Landmarks;
	/** By model id. */
	readonly readings: Readonly<Record<string, ExportedReading>>;
}

interface ExportedPicture {
	readonly file: string;
	readonly status: 'read' | 'failed' | 'not-read';
	/** Why it failed. */
	readonly error: ErrorCode | null;
	/** Null if it was not read. */
	readonly width: number | null;
	readonly height: number | null;
	readonly faces: readonly ExportedFace[];
}

export interface PhotoExport {
	readonly schema: 1;
	/** The models that read at least one face. */
	readonly models: readonly ExportedModel[];
	readonly pictures: readonly ExportedPicture[];
}

/** Everything known about these pictures. `models`: all that may have read them. */
export function exportPhotos(photos: readonly Photo[], models: readonly ExportedModel[]): PhotoExport {
	const pictures = photos.map((photo) => exportPhoto(photo, models));
	const used = new Set(pictures.flatMap(({ faces }) => faces.flatMap(({ readings }) => Object.keys(readings))));
	const running = models
		.filter(({ id }) => used.has(id))
		.map(({ id, title, labels, priorRatio, unsureBelow }) => ({ id, title, labels, priorRatio, unsureBelow }));
	return { schema: 1, models: running, pictures };
}

function exportPhoto({ name, state }: Photo, models: readonly ExportedModel[]): ExportedPicture {
	const nothing = { file: name, error: null, width: null, height: null, faces: [] };
	if (state.kind === 'failed') return { ...nothing, status: 'failed', error: state.error.code };
	if (state.kind !== 'done') return { ...nothing, status: 'not-read' };
	const { result, size } = state;
	const faces = result.faces.map((face) => exportFace(face, size.width / result.width, models));
	return { ...nothing, status: 'read', width: size.width, height: size.height, faces };
}

function exportFace(
	{ id, confidence, box, landmarks, readings }: FaceResult,
	scale: number,
	models: readonly ExportedModel[]
): ExportedFace {
	const px = (value: number): number => Math.round(value * scale * 10) / 10;
	const point = ({ x, y }: Point): Point => ({ x: px(x), y: px(y) });
	const { rightEye, leftEye, nose, mouth, rightEar, leftEar } = landmarks;
	const read: Record<string, ExportedReading> = {};
	for (const model of models) {
		const reading = readings[model.id];
		const verdict = verdictOf(reading, model.labels, model.unsureBelow);
		if (reading === undefined || verdict === null) continue;
		const probabilities = Object.fromEntries(
			model.labels.map((label, index) => [label, Number((reading.smoothed[index] ?? 0).toFixed(4))])
		);
		read[model.id] = { label: verdict.label, unsure: verdict.unsure, probabilities };
	}
	return {
		id,
		confidence: Number(confidence.toFixed(4)),
		box: { ...point(box), width: px(box.width), height: px(box.height) },
		landmarks: {
			rightEye: point(rightEye),
			leftEye: point(leftEye),
			nose: point(nose),
			mouth: point(mouth),
			rightEar: point(rightEar),
			leftEar: point(leftEar)
		},
		readings: read
	};
}

const LANDMARKS = ['rightEye', 'leftEye', 'nose', 'mouth', 'rightEar', 'leftEar'] as const;

/** One line for each face, and one for each picture without a face. */
export function photosToCsv({ models, pictures }: PhotoExport): string {
	const header = [
		...['file', 'status', 'error', 'width', 'height', 'face', 'confidence', 'x', 'y', 'box_width', 'box_height'],
		...LANDMARKS.flatMap((name) => [`${name}_x`, `${name}_y`]),
		...models.flatMap(({ id, labels }) => [`${id}_label`, `${id}_unsure`, ...labels.map((label) => `${id}_${label}`)])
	];
	const rows = pictures.flatMap(({ file, status, error, width, height, faces }): Cell[][] => {
		const start = [file, status, error, width, height];
		if (faces.length === 0) return [[...start, ...Array<null>(header.length - start.length).fill(null)]];
		return faces.map(({ id, confidence, box, landmarks, readings }) => [
			...start,
			...[id, confidence, box.x, box.y, box.width, box.height],
			...LANDMARKS.flatMap((name) => [landmarks[name].x, landmarks[name].y]),
			...models.flatMap(({ id: modelId, labels }): Cell[] => {
				const reading = readings[modelId];
				return [
					reading?.label ?? null,
					reading?.unsure ?? null,
					...labels.map((label) => reading?.probabilities[label] ?? null)
				];
			})
		]);
	});
	return toCsv(header, rows);
}
