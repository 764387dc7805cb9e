/** Pictures that a model named right and wrong, in a grid, as the paper shows them; for looking at, not for sharing. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { FER2013_LABELS, FER2013_SIDE } from '../../src/lib/core/fer2013';
import type { Scores } from '../../src/lib/core/types';
import { pictureOf, type Dataset } from '../data/dataset';
import { shuffle, createRandom } from '../lib/random';

const [COLUMNS, ROWS, CELL, CAPTION] = [8, 5, 96, 34];

/** Writes `right.png` and `wrong.png` to `dir`, each with 40 pictures drawn from `rows`; gives their paths. */
export async function writeContactSheets(
	dir: string,
	dataset: Dataset,
	rows: Uint32Array,
	scores: readonly Scores[]
): Promise<string[]> {
	mkdirSync(dir, { recursive: true });
	const order = shuffle(Uint32Array.from(rows.keys()), createRandom(7));
	const files: string[] = [];
	for (const name of ['right', 'wrong'] as const) {
		const chosen = Array.from(order).filter((index) => {
			const row = scores[index] ?? [];
			const isRight = row.indexOf(Math.max(...row)) === dataset.labels[rows[index] ?? 0];
			return isRight === (name === 'right');
		});
		const file = path.join(dir, `${name}.png`);
		await sheet(
			dataset,
			chosen.slice(0, COLUMNS * ROWS).map((index) => ({ row: rows[index] ?? 0, scores: scores[index] ?? [] }))
		).toFile(file);
		files.push(file);
	}
	return files;
}

function sheet(dataset: Dataset, entries: readonly { row: number; scores: Scores }[]) {
	const captions = entries.map(({ row, scores }, index) => {
		const most = Math.max(...scores);
		const predicted = FER2013_LABELS[scores.indexOf(most)] ?? '';
		const truth = FER2013_LABELS[dataset.labels[row] ?? 0] ?? '';
		const [x, y] = [(index % COLUMNS) * CELL, Math.floor(index / COLUMNS) * (CELL + CAPTION) + CELL];
		return (
			`<text x="${String(x + 4)}" y="${String(y + 13)}">${predicted} ${(100 * most).toFixed(0)} %</text>` +
			`<text x="${String(x + 4)}" y="${String(y + 28)}" fill="#777">true: ${truth}</text>`
		);
	});
	const [width, height] = [COLUMNS * CELL, ROWS * (CELL + CAPTION)];
	const text = `<svg xmlns="http://www.w3.org/2000/svg" width="${String(width)}" height="${String(height)}" font-family="sans-serif" font-size="12">${captions.join('')}</svg>`;
	const pictures = entries.map(({ row }, index) => {
		const enlarged = new Uint8Array(CELL * CELL);
		const picture = pictureOf(dataset, row);
		const factor = FER2013_SIDE / CELL;
		for (let i = 0; i < enlarged.length; i++)
			enlarged[i] =
				picture[Math.floor(Math.floor(i / CELL) * factor) * FER2013_SIDE + Math.floor((i % CELL) * factor)] ?? 0;
		return {
			input: Buffer.from(enlarged),
			raw: { width: CELL, height: CELL, channels: 1 as const },
			left: (index % COLUMNS) * CELL,
			top: Math.floor(index / COLUMNS) * (CELL + CAPTION)
		};
	});
	return sharp({ create: { width, height, channels: 3, background: '#fff' } })
		.composite([...pictures, { input: Buffer.from(text), left: 0, top: 0 }])
		.png();
}
