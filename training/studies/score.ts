/** `npm run study -- score`: the score by which recipes are chosen, of shipped models and of runs. */
import { parseArgs } from 'node:util';
import { calibrate } from '../../src/lib/core/calibration';
import { FER2013_LABELS } from '../../src/lib/core/fer2013';
import { fastestOnProcessor, startBackend } from '../backend/index';
import { loadData } from '../commands/flags';
import { MODELS_DIR } from '../commands/paths';
import { requireResultName, saveResult } from '../commands/results';
import { findEntry, runSubject, shippedSubject, type Subject } from '../commands/subjects';
import { percent, say } from '../commands/terminal';
import { pictureOf, type Dataset } from '../data/dataset';
import { readFerPlus, type FerPlus } from '../data/ferplus';
import { readLabelledFolder } from '../data/labelled-folder';
import { CORRUPTIONS } from '../evaluate/corruptions';
import { classifierOf, classifyFolder } from '../evaluate/folder';
import { groupBy } from '../evaluate/folder-figures';
import { predictPictures, rowsOfSplit } from '../evaluate/predict';
import { accuracyOf, answered, recallsOf, scoreAll, type Answered, type ScoreAnswers } from '../evaluate/score';
import { UserError } from '../lib/errors';
import { readManifest } from '../ship/manifest';

/** For corruptions: the middle strength of each, and every third picture of PublicTest. */
const STRENGTH = 1;
const EVERY = 3;

/** Gives the exit code. Throws UserError. */
export async function scoreCommand(args: string[]): Promise<number> {
	const { values, positionals } = parseArgs({
		args,
		allowPositionals: true,
		options: {
			data: { type: 'string' },
			ferplus: { type: 'string' },
			folder: { type: 'string' },
			by: { type: 'string' },
			save: { type: 'string' }
		}
	});
	const { ferplus, folder, by } = values;
	if (ferplus === undefined) throw new UserError("--ferplus is missing: FER+'s fer2013new.csv.");
	if (folder === undefined) throw new UserError('--folder is missing: crops of faces in folders named by label.');
	requireResultName(values.save);
	const dataset = await loadData(values.data);
	await startBackend(fastestOnProcessor());
	const set: TestSet = { dataset, ferPlus: readFerPlus(ferplus, dataset), folder, by };
	const manifest = readManifest(MODELS_DIR);
	const names = positionals.length > 0 ? positionals : [manifest.default];
	const answers: ScoreAnswers[] = [];
	for (const name of names) {
		const [run = '', seed] = name.split(':');
		const subject = run.includes('/')
			? await runSubject(run, seed, dataset)
			: shippedSubject(findEntry(manifest, run), MODELS_DIR);
		answers.push(await answersOf(subject, set));
		subject.model.dispose();
	}
	const results = scoreAll(answers);
	for (const [place, { score, interval, gain, chance, ...parts }] of results.entries()) {
		const own = answers[place];
		say(
			`${names[place] ?? ''}: score ${percent(score)} (95 %: ${percent(interval.low)} to ${percent(interval.high)})` +
				(place === 0
					? ''
					: `; against ${names[0] ?? ''} ${percent(gain.mean)} (${percent(gain.low)} to ${percent(gain.high)}), ` +
						`PublicTest by chance p = ${chance.toPrecision(2)}`)
		);
		const { accuracy, meanRecall, facesMeanRecall, clearMeanRecall, corrupted } = parts;
		say(
			`  PublicTest ${percent(accuracy)}, mean recall ${percent(meanRecall)}; other faces, mean recall ` +
				`${percent(facesMeanRecall)}; clear faces ${percent(clearMeanRecall)}; corruptions ${percent(corrupted)}`
		);
		say(`  PublicTest by label: ${byLabel(own?.public)}`);
		say(`  other faces by label: ${byLabel(own?.faces.flat())}`);
		say(`  clear faces by label: ${byLabel(own?.public.filter(({ clear }) => clear))}`);
		say(
			`  corruptions: ${CORRUPTIONS.map(({ id }, index) => `${id} ${percent(accuracyOf(own?.corrupted[index] ?? []))}`).join(', ')}`
		);
	}
	if (values.save !== undefined)
		saveResult(
			values.save,
			['study', 'score', ...args],
			dataset,
			results.map((result, place) => ({
				model: names[place],
				...result,
				recalls: {
					public: recallsOf(answers[place]?.public ?? []),
					faces: recallsOf(answers[place]?.faces.flat() ?? []),
					clear: recallsOf(answers[place]?.public.filter(({ clear }) => clear) ?? [])
				},
				corruptions: Object.fromEntries(
					CORRUPTIONS.map(({ id }, index) => [id, accuracyOf(answers[place]?.corrupted[index] ?? [])])
				)
			}))
		);
	return 0;
}

interface TestSet {
	readonly dataset: Dataset;
	readonly ferPlus: FerPlus;
	readonly folder: string;
	readonly by: string | undefined;
}

async function answersOf({ spec, model }: Subject, set: TestSet): Promise<ScoreAnswers> {
	const { dataset, ferPlus, folder, by } = set;
	const ask = async (rows: ArrayLike<number>, pictures: readonly Uint8Array[]): Promise<Answered[]> =>
		(await predictPictures(model, spec.input, pictures)).map((scores, place) =>
			answered(calibrate(scores, spec), dataset.labels[rows[place] ?? -1] ?? -1)
		);
	const rows = rowsOfSplit(dataset, 'public');
	const own = await ask(
		rows,
		Array.from(rows, (row) => pictureOf(dataset, row))
	);
	const some = rows.filter((_, place) => place % EVERY === 0);
	const corrupted: Answered[][] = [];
	for (const corruption of CORRUPTIONS) {
		const pictures = Array.from(some, (row) => corruption.apply(pictureOf(dataset, row), STRENGTH, row));
		corrupted.push(await ask(some, await Promise.all(pictures)));
	}
	const groupOf = groupBy(by);
	const { pictures } = await readLabelledFolder(folder);
	const { answers } = await classifyFolder(pictures, [classifierOf(spec, model)], () =>
		Promise.reject(new UserError(`${folder} has pictures larger than crops of faces.`))
	);
	const people = new Map<string, Answered[]>();
	for (const { picture, scores } of answers) {
		const person = groupOf(picture);
		const answer = answered(
			scores?.[spec.id] ?? [],
			FER2013_LABELS.findIndex((label) => label === picture.label)
		);
		people.set(person, [...(people.get(person) ?? []), answer]);
	}
	return {
		public: own.map((answer, place) => ({
			...answer,
			clear: ferPlus.majority[rows[place] ?? -1] === answer.truth
		})),
		corrupted,
		faces: [...people.values()]
	};
}

function byLabel(answers: readonly Answered[] = []): string {
	const recalls = recallsOf(answers);
	return FER2013_LABELS.flatMap((label, index) => {
		const recall = recalls[index];
		return recall === undefined ? [] : [`${label} ${percent(recall)}`];
	}).join(', ');
}
