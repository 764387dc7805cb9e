import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/lib/errors';
import { exportPhotos, photosToCsv } from '../../../src/lib/state/photo-export';
import { done, face, failed, MODEL, photo } from './results';

const OTHER = { id: 'other', title: 'Other', labels: ['a', 'b'], priorRatio: null, unsureBelow: 0.6 };
const PHOTOS = [
	photo(1, 'trip, "day 1"/a.jpg', done(face(1, [0.7, 0.3]), face(2, [0.35, 0.3]))),
	photo(2, 'empty.png', failed(new AppError('picture-empty', ''))),
	photo(3, 'wall.jpg', done()),
	photo(4, 'late.jpg', { kind: 'cancelled' })
];
const exported = exportPhotos(PHOTOS, [MODEL, OTHER]);

describe('exportPhotos', () => {
	it('gives coordinates in pixels of the file, not of the analysed frame', () => {
		const [first] = exported.pictures;
		expect(first).toMatchObject({ file: 'trip, "day 1"/a.jpg', status: 'read', width: 1000, height: 500 });
		// The face lies at 80, 30 in a frame five times smaller.
		expect(first?.faces[0]?.box).toEqual({ x: 400, y: 150, width: 200, height: 200 });
		expect(first?.faces[0]?.landmarks.nose).toEqual({ x: 500, y: 250 });
	});

	it('flags what is unsure and keeps its label and probabilities', () => {
		expect(exported.pictures[0]?.faces.map(({ readings }) => readings['mien'])).toEqual([
			{ label: 'happy', unsure: false, probabilities: { happy: 0.7, sad: 0.3 } },
			{ label: 'happy', unsure: true, probabilities: { happy: 0.35, sad: 0.3 } }
		]);
	});

	it('names only models that ran, and every picture with what became of it', () => {
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
	const rows = parse<Record<string, string>>(photosToCsv(exported), { columns: true, recordDelimiter: '\r\n' });

	it('has a line for each face, and one for each picture without', () => {
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
			...{ status: 'read', width: '1000', x: '400', box_width: '200', nose_x: '500' },
			...{ mien_label: 'happy', mien_unsure: 'false', mien_happy: '0.7', mien_sad: '0.3' }
		});
		expect(rows[2]).toMatchObject({ status: 'failed', error: 'picture-empty', mien_label: '' });
	});
});
