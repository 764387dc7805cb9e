/**
 * `npm run study -- paper-curves`: writes runs of the paper's recipes, epoch by epoch, to training/results, and the one
 * nearest to the paper's plots to the report of `cnn`, for the page.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { wilsonInterval } from '../../src/lib/core/interval';
import type { Report } from '../../src/lib/report';
import { loadData } from '../commands/flags';
import { MODELS_DIR, runDirOf } from '../commands/paths';
import { saveResult } from '../commands/results';
import { epochsOf } from '../commands/runs';
import { say } from '../commands/terminal';
import { UserError } from '../lib/errors';
import type { EpochLog } from '../loop/checkpoint';
import { hasStoppedEarly } from '../loop/early-stopping';
import { selectingRows } from '../loop/rows';
import { RUN_FILES } from '../loop/run';
import { cnn } from '../models/cnn';
import { writeReport } from '../ship/measure';
import { readReport } from '../ship/shipped';

export interface PaperRun {
	readonly recipe: string;
	readonly history: readonly EpochLog[];
}

/** Test accuracy in the paper's plots: epoch, counted from 1, and fraction. */
const PAPER_TEST = [
	[1, 0.249],
	[4, 0.5],
	[6, 0.538],
	[13, 0.606],
	[32, 0.614]
] as const;

/** Root mean squared difference from the paper's test accuracy, at those epochs of its plots that this run has. */
export function distanceToPaper(history: readonly EpochLog[]): number {
	const squares = PAPER_TEST.flatMap(([epoch, accuracy]) => {
		const log = history[epoch - 1];
		return log ? [(log.validation.accuracy - accuracy) ** 2] : [];
	});
	return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
}

/** The report with that run's curves. */
export function withReproduction(report: Report, { recipe, history }: PaperRun): Report {
	const epochs = history.map(({ epoch, size, learningRate, train, validation }) => ({
		epoch,
		size,
		learningRate,
		train,
		validation
	}));
	return { ...report, reproduction: { recipe, history: epochs } };
}

/** Gives the exit code. Throws UserError if no run is finished. */
export async function paperCurvesCommand(args: string[]): Promise<number> {
	const { values } = parseArgs({ args, options: { data: { type: 'string' } } });
	const runs = cnn.recipes
		.filter(({ rows }) => rows === 'paper')
		.flatMap((recipe): PaperRun[] => {
			if (!existsSync(path.join(runDirOf(cnn.id, recipe), RUN_FILES.log))) return [];
			const history = epochsOf({ model: cnn, recipe });
			return hasStoppedEarly(history, recipe) || history.length >= recipe.epochs
				? [{ recipe: recipe.id, history }]
				: [];
		});
	const [nearest] = runs.toSorted((a, b) => distanceToPaper(a.history) - distanceToPaper(b.history));
	if (!nearest) throw new UserError('No run of the paper is finished. First: npm run train -- cnn --recipe paper');
	const data = await loadData(values.data);
	const n = selectingRows(data, cnn.recipes.find(({ id }) => id === nearest.recipe) ?? cnn.recipes[0]).length;
	const figures = runs.map((run) => ({
		...run,
		distance: distanceToPaper(run.history),
		interval: wilsonInterval(run.history.at(-1)?.validation.accuracy ?? NaN, n)
	}));
	saveResult('paper-cnn', ['study', 'paper-curves', ...args], data, figures);
	const report = readReport(MODELS_DIR, cnn.id);
	if (report) writeReport(path.join(MODELS_DIR, cnn.id), withReproduction(report, nearest));
	say(`The curves of ${nearest.recipe} are nearest to the paper's and are in the report of ${cnn.id}.`);
	return 0;
}
