import path from 'node:path';
import { confusionMatrix, summarise } from '../../src/lib/core/metrics';
import { indexOfGreatest } from '../../src/lib/core/scores';
import type { Classifier, Scores } from '../../src/lib/core/types';
import type { LabelledPicture } from '../data/labelled-folder';
import { UserError } from '../lib/errors';
import { createRandom } from '../lib/random';
import type { FolderAnswers } from './folder';
import { bootstrapAccuracy, type Interval } from './statistics';

/** How accurate one classifier is on a folder. */
export interface FolderFigures {
	readonly model: string;
	/** Pictures in which a face was seen. */
	readonly n: number;
	readonly accuracy: number;
	/** 95 %, by bootstrap over the groups. */
	readonly interval: Interval;
	/** Pictures, or those of one person. */
	readonly groups: number;
	/** Over the labels in the folder, like the recalls and their mean. */
	readonly macroF1: number;
	readonly meanRecall: number;
	readonly recall: Readonly<Record<string, number>>;
	/** Like `interval`, for each recall. */
	readonly recallIntervals: Readonly<Record<string, Interval>>;
	/** Counts [true label][predicted label], of all labels of the model. */
	readonly confusion: readonly (readonly number[])[];
	readonly notFound: number;
	readonly unreadable: number;
}

/**
 * The figures of `answers`. `groupOf` names the person, or whatever else makes pictures alike; `read` may shift a
 * probability, as a prior does.
 */
export function folderFigures(
	{ id, labels }: Pick<Classifier, 'id' | 'labels'>,
	{ answers, unreadable }: FolderAnswers,
	groupOf: (picture: LabelledPicture) => string,
	read: (scores: Scores) => Scores = (scores) => scores
): FolderFigures {
	const seen = answers.flatMap(({ picture, scores }) => {
		const own = scores?.[id];
		return own ? [{ picture, scores: read(own), truth: labels.indexOf(picture.label) }] : [];
	});
	const confusion = confusionMatrix(
		seen.map(({ scores }) => scores),
		seen.map(({ truth }) => truth),
		labels.length
	);
	const groupsOf = (part: typeof seen) => {
		const groups = new Map<string, { n: number; correct: number }>();
		for (const { picture, scores, truth } of part) {
			const name = groupOf(picture);
			const group = groups.get(name) ?? { n: 0, correct: 0 };
			groups.set(name, {
				n: group.n + 1,
				correct: group.correct + Number(indexOfGreatest(scores) === truth)
			});
		}
		return [...groups.values()];
	};
	const groups = groupsOf(seen);
	const { n, accuracy, macroF1, perClass } = summarise(confusion);
	const present = labels.flatMap((label, index) =>
		(confusion[index] ?? []).some((count) => count > 0) ? [index] : []
	);
	const recalls = present.map((label) => perClass[label] ?? 0);
	const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
	return {
		model: id,
		n,
		accuracy,
		interval: bootstrapAccuracy(groups, createRandom(1)),
		groups: groups.length,
		macroF1,
		meanRecall: mean(recalls),
		recall: Object.fromEntries(present.map((label, index) => [labels[label] ?? '', recalls[index] ?? 0])),
		recallIntervals: Object.fromEntries(
			present.map((label) => [
				labels[label] ?? '',
				bootstrapAccuracy(groupsOf(seen.filter(({ truth }) => truth === label)), createRandom(1))
			])
		),
		confusion,
		notFound: answers.filter(({ scores }) => !scores).length,
		unreadable: unreadable.length
	};
}

/**
 * Groups pictures by a regular expression: a group is what its first capture group, or all of it, matches in the file's
 * name, or else in its path in the folder. Throws UserError.
 */
export function groupBy(expression: string | undefined): (picture: LabelledPicture) => string {
	if (expression === undefined) return ({ name }) => name;
	let pattern: RegExp;
	try {
		pattern = new RegExp(expression);
	} catch (thrown) {
		throw new UserError(`--by takes a regular expression: ${thrown instanceof Error ? thrown.message : ''}`);
	}
	return ({ name }) => {
		const match = pattern.exec(path.posix.basename(name)) ?? pattern.exec(name);
		if (!match) throw new UserError(`--by ${expression} finds nothing in ${name}.`);
		return match[1] ?? match[0];
	};
}
