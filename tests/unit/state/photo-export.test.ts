import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/lib/errors';
import { exportPhotos, photosToCsv } from '../../../src/lib/state/photo-export';
import { done, face, failed, MODEL, photo } from './results';

const OTHER = { id: 'other', title: 'Other', labels: ['a', 'b'], priorRatio: null, unsureBelow: 0.6 };
/** No two of its numbers are alike, so that none can stand in for another. */
const FIRST = {
	...face(1, [0.7, 0.3]),
	confidence: 0.87654,
	box: { x: 80, y: 30, width: 36, height: 48.03 },
	landmarks: {
		rightEye: { x: 90, y: 42 },
		leftEye: { x: 106, y: 43 },
		nose: { x: 98, y: 52 },
		mouth: { x: 99, y: 64 },
		rightEar: { x: 83, y: 47 },
		leftEar: { x: 114, y: 49 }
	}
};
const PHOTOS = [
	photo(1, 'trip, "day 1"/a.jpg', done(FIRST, face(2, [0.35, 0.3]))),
	photo(2, 'empty.png', failed(new AppError('picture-empty', ''))),
	photo(3, 'wall.jpg', done()),
	photo(4, 'late.jpg', { kind: 'cancelled' })
];
const exported = exportPhotos(PHOTOS, [MODEL, OTHER]);

describe('exportPhotos', () => {
	it('gives coordinates in pixels of the file, not of the analysed frame', () => {
		const [first] = exported.pictures;
		expect(first).toMatchObject({ file: 'trip, "day 1"/a.jpg', status: 'read', width: 1000, height: 500 });
		// The frame is five times smaller.
		expect(first?.faces[0]).toMatchObject({
			confidence: 0.8765,
			box: { x: 400, y: 150, width: 180, height: 240.2 },
			landmarks: {
				rightEye: { x: 450, y: 210 },
				leftEye: { x: 530, y: 215 },
				nose: { x: 490, y: 260 },
				mouth: { x: 495, y: 320 },
				rightEar: { x: 415, y: 235 },
				leftEar: { x: 570, y: 245 }
			}
		});
	});

	it('flags unsure faces and keeps their label and probabilities', () => {
		expect(exported.pictures[0]?.faces.map(({ readings }) => readings['mien'])).toEqual([
			{ label: 'happy', unsure: false, probabilities: { happy: 0.7, sad: 0.3 } },
			{ label: 'happy', unsure: true, probabilities: { happy: 0.35, sad: 0.3 } }
		]);
	});

	it('names only models that ran, and every picture with its outcome', () => {
		expect(exported.models).toEqual([
			{ id: 'mien', title: 'Mien', labels: ['happy', 'sad'], priorRatio: [1, 3], unsureBelow: 0.4 }
		]);
		expect(exported.pictures.map(({ status, error }) => [status, error])).toEqual([
			['read', null],
			['failed', 'picture-empty'],
			['read', null],
			['not-read', null]
		]);
	});
});

describe('photosToCsv', () => {
	const rows = parse<Record<string, string>>(photosToCsv(exported), {
		bom: true,
		columns: true,
		recordDelimiter: '\r\n'
	});

	it('has a line for each face, and one for each picture without one', () => {
		expect(rows.map(({ file, face: id }) => [file, id])).toEqual([
			['trip, "day 1"/a.jpg', '1'],
			['trip, "day 1"/a.jpg', '2'],
			['empty.png', ''],
			['wall.jpg', ''],
			['late.jpg', '']
		]);
	});

	it('says the same as the JSON', () => {
		expect(rows[0]).toMatchObject({
			...{ status: 'read', error: '', width: '1000', height: '500', face: '1', confidence: '0.8765' },
			...{ x: '400', y: '150', box_width: '180', box_height: '240.2' },
			...{ rightEye_x: '450', rightEye_y: '210', leftEye_x: '530', leftEye_y: '215', nose_x: '490', nose_y: '260' },
			...{ mouth_x: '495', mouth_y: '320', rightEar_x: '415', rightEar_y: '235', leftEar_x: '570', leftEar_y: '245' },
			...{ mien_label: 'happy', mien_unsure: 'false', mien_happy: '0.7', mien_sad: '0.3' }
		});
		expect(rows[2]).toMatchObject({ status: 'failed', error: 'picture-empty', mien_label: '' });
	});
});
