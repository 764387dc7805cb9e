/** Figures as lines of text. */
import { isSeveral } from '../../src/lib/data-sets/folders';
import type { Report } from '../../src/lib/report';
import type { LabelledFolder } from '../data/labelled-folder';
import type { FolderFigures } from '../evaluate/folder-figures';
import { percent, percentWithInterval } from './terminal';

/** A confusion matrix with its labels and recalls. */
export function confusionTable(labels: readonly string[], confusion: readonly (readonly number[])[]): string[] {
	const width = Math.max(...labels.map((label) => label.length)) + 1;
	const corner = 'true \\ predicted ';
	const rows = confusion.map((row, label) => {
		const [all, hits] = [row.reduce((a, b) => a + b, 0), row[label] ?? 0];
		const counts = row.map((count) => String(count).padStart(width)).join('');
		return `${(labels[label] ?? '').padEnd(corner.length)}${counts}   recall ${all === 0 ? '-' : percent(hits / all)}`;
	});
	return [`${corner}${labels.map((label) => label.padStart(width)).join('')}`, ...rows];
}

/** A report; sets with PrivateTest's pictures only if `final`. */
export function describeReport({ model, splits, unsure, corruptions }: Report, final: boolean): string {
	const shown = splits.filter(({ id }) => final || id.startsWith('public'));
	const lines = shown.map(({ id, single, mirrored }) => {
		const figures = [single, mirrored].map(
			({ n, accuracy, macroF1, calibrationError }) =>
				`${percentWithInterval(accuracy, n)} F1 ${macroF1.toFixed(3)} ECE ${calibrationError.toFixed(3)}`
		);
		return `  ${id.padEnd(24)} ${String(single.n).padStart(5)}   ${figures.join('   mirrored ')}`;
	});
	if (!final) return [`${model}: accuracy, macro-F1 and calibration error`, ...lines].join('\n');
	const worse = corruptions.map(({ title, accuracy }) => `  ${title.padEnd(52)} ${accuracy.map(percent).join('  ')}`);
	const silent = unsure && [
		`  unsure below ${percent(unsure.public.threshold)}: of PrivateTest ${percent(unsure.private.coverage)} answered, ` +
			`${percent(unsure.private.accuracy)} of those correctly`
	];
	return [`${model}: accuracy, macro-F1 and calibration error`, ...lines, ...(silent ?? []), ...worse].join('\n');
}

/** Sentences on what in a folder has no label, or one that its folder does not name clearly. */
export function describeLabels(folder: Omit<LabelledFolder, 'pictures'>): string[] {
	const { leftOut, guessed, named, lists, notRead, numbering } = folder;
	const told = (begin: string, what: readonly string[]): string[] =>
		what.length === 0 ? [] : [`${begin}: ${what.join(', ')}.`];
	const unnamed = lists.length > 0 ? 'not in the list' : 'outside of folders';
	return [
		...told('The labels come from', lists),
		...told('The numbers are read as those of', numbering === null ? [] : [numbering]),
		...notRead.map(({ name, reason }) => `Not used: ${name}, as ${reason}.`),
		...told(
			'Left out, as no label has these names',
			[...leftOut]
				.filter(([said]) => !isSeveral(said))
				.map(([said, n]) => `${said === '' ? unnamed : said} (${String(n)})`)
		),
		...told(
			'Left out, as lists give them several labels',
			[...leftOut].filter(([said]) => isSeveral(said)).map(([said, n]) => `${said} (${String(n)})`)
		),
		...told(
			'Read as misspellings',
			[...guessed].map(([folder, label]) => `${folder} as ${label}`)
		),
		...told(
			'No folder names an expression, so the names of the files were read',
			[...named].map(([label, file]) => `${file} as ${label}`)
		)
	];
}

/** The figures of a folder of pictures, under a title. */
export function describeFolder(title: string, labels: readonly string[], figures: FolderFigures): string {
	const { n, accuracy, interval, groups, macroF1, meanRecall, notFound, unreadable, confusion } = figures;
	return [
		title,
		`accuracy ${percent(accuracy)} (95 %: ${percent(interval.low)} to ${percent(interval.high)}, by ` +
			`${String(groups)} ${groups === n ? 'pictures' : 'groups'}), macro-F1 ${macroF1.toFixed(3)}, ` +
			`mean over labels ${percent(meanRecall)}`,
		`${String(n)} pictures; no face found in ${String(notFound)} more; ${String(unreadable)} could not be read`,
		'',
		...confusionTable(labels, confusion)
	].join('\n');
}
