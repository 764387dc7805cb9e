/** Figures for a folder of people on whom no model was trained, as in a model's report. */
import type { Report, UnseenReport } from '../../src/lib/report';
import type { FolderFigures } from './folder-figures';

/** `id`: of the folder; `labels`: of the model; `figures`: with labels counted as in photos. */
export function unseenReport(id: string, labels: readonly string[], figures: FolderFigures): UnseenReport {
	const { n, groups, accuracy, interval, meanRecall, recall, recallIntervals, confusion } = figures;
	return {
		id,
		n,
		people: groups,
		accuracy: { share: accuracy, low: interval.low, high: interval.high },
		meanRecall,
		labels: Object.entries(recall).map(([label, share]) => ({
			label,
			share,
			low: recallIntervals[label]?.low ?? share,
			high: recallIntervals[label]?.high ?? share,
			saidMost: mostSaid(labels, label, confusion)
		}))
	};
}

function mostSaid(
	labels: readonly string[],
	label: string,
	confusion: FolderFigures['confusion']
): UnseenReport['labels'][number]['saidMost'] {
	const truth = labels.indexOf(label);
	const row = confusion[truth] ?? [];
	const others = row.map((count, label) => (label === truth ? 0 : count));
	const most = Math.max(...others);
	const all = row.reduce((sum, count) => sum + count, 0);
	return most === 0 ? null : { label: labels[others.indexOf(most)] ?? '', share: most / all };
}

/** The report with these figures instead of older ones of the same folder. */
export function withUnseen(report: Report, unseen: UnseenReport): Report {
	const others = (report.unseen ?? []).filter(({ id }) => id !== unseen.id);
	return { ...report, unseen: [...others, unseen].sort((a, b) => a.id.localeCompare(b.id)) };
}
