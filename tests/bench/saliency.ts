/**
 * `npm run bench -- saliency --data FILE [--model ID] [--split public|private] [--pictures N]`: how faithful the page's
 * saliency map is to a shipped model, beside other maps, and what each costs. Choose settings on PublicTest.
 */
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { calibrate } from '../../src/lib/core/calibration';
import { fastestOnProcessor, startBackend } from '../../training/backend/index';
import { pictureOf } from '../../training/data/dataset';
import { UserError } from '../../training/lib/errors';
import { predictPictures, rowsOfSplit } from '../../training/evaluate/predict';
import { findEntry } from '../../training/commands/subjects';
import { readManifest } from '../../training/ship/manifest';
import { loadShipped } from '../../training/ship/shipped';
import { meanOfRuns } from '../../training/evaluate/statistics';
import { compareMaps, type Classify, type Fidelity } from '../../training/studies/fidelity';
import { createRandom, shuffle } from '../../training/lib/random';
import { raiseContrast } from '../../src/lib/core/contrast';
import { mapMethods } from '../../training/studies/saliency-maps';
import { loadData, wholeNumber } from '../../training/commands/flags';
import { MODELS_DIR } from '../../training/commands/paths';
import { withBar } from '../../training/commands/terminal';

const STEPS = 12;
const SEED = 7;

/** Prints the table; throws UserError. */
async function compare(args: string[]): Promise<void> {
	const { values } = parseArgs({
		args,
		options: {
			data: { type: 'string' },
			model: { type: 'string' },
			split: { type: 'string', default: 'private' },
			pictures: { type: 'string' }
		}
	});
	const split = (['public', 'private'] as const).find((id) => id === values.split);
	if (split === undefined) throw new UserError(`--split takes public or private, not "${values.split}".`);
	const manifest = readManifest(MODELS_DIR);
	const entry = findEntry(manifest, values.model ?? manifest.default);
	const dataset = await loadData(values.data);
	await startBackend(fastestOnProcessor());
	const model = loadShipped(path.join(MODELS_DIR, path.dirname(entry.url)));
	const count = wholeNumber('pictures', values.pictures, 2) ?? 200;
	const rows = shuffle(rowsOfSplit(dataset, split).slice(), createRandom(SEED)).subarray(0, count);
	const { leastContrast } = entry.input;
	// Raised once, like the page's inputs; covered copies are not raised again.
	const faces = Array.from(rows, (row) =>
		Uint8Array.from(raiseContrast(pictureOf(dataset, row), leastContrast), Math.round)
	);
	const input = { ...entry.input, leastContrast: undefined };
	const classify: Classify = async (pictures) =>
		(await predictPictures(model, input, pictures)).map((scores) => calibrate(scores, entry));

	const methods = mapMethods(model, entry.input);
	const all = await withBar('Comparing [{bar}] {percentage}% {eta_formatted} left', faces.length, (update) =>
		compareMaps(methods, faces, entry.input.size, STEPS, classify, update)
	);
	model.dispose();

	console.log(
		`${entry.title}, ${String(faces.length)} faces of ${split}: areas under the curves of the label's probability, ${String(STEPS)} steps\n`
	);
	const line = (cells: readonly string[]): string =>
		cells.map((cell, index) => (index === 0 ? cell.padEnd(44) : cell.padStart(15))).join('');
	const titles = ['passes', 'deletion, gray', 'blur', 'insertion, gray', 'blur', 'overall', 'minus page'];
	console.log(line(['map', ...titles]));
	for (const [index, { title, passes }] of methods.entries()) {
		const figures = all[index] ?? [];
		const mean = (read: (each: Fidelity) => number): string => meanOfRuns(figures.map(read)).mean.toFixed(3);
		const differences = figures.map(({ overall }, face) => overall - (all[0]?.[face]?.overall ?? NaN));
		const { mean: difference, deviation, n } = meanOfRuns(differences);
		const cells = [
			String(passes),
			mean(({ deletion }) => deletion.gray),
			mean(({ deletion }) => deletion.blur),
			mean(({ insertion }) => insertion.gray),
			mean(({ insertion }) => insertion.blur),
			mean(({ overall }) => overall),
			index === 0 ? '' : `${difference.toFixed(3)} +- ${(deviation / Math.sqrt(n)).toFixed(3)}`
		];
		console.log(line([title, ...cells]));
	}
}

try {
	await compare(process.argv.slice(2));
} catch (thrown) {
	if (!(thrown instanceof UserError)) throw thrown;
	console.error(thrown.message);
	process.exitCode = 1;
}
