/** The results of `npm run bench -- peers`, and their tables. */
import { table } from '../tables';

export const WHO = ['mien', 'human', 'face-api'] as const;
export type Who = (typeof WHO)[number];

/** Median and best, in milliseconds. */
export interface Times {
	readonly medianMs: number;
	readonly bestMs: number;
}

export interface Start {
	readonly line: string;
	readonly visit: 'first' | 'second';
	/** How many times each was opened. */
	readonly runs: number;
	readonly times: Readonly<Record<Who, Times>>;
}

export interface Frames {
	readonly faces: number;
	readonly size: string;
	/** Per library, over all rounds. */
	readonly frames: number;
	readonly times: Readonly<Record<Who, Times & { readonly found: number; readonly perSecond: number }>>;
}

export interface PeersResults {
	/** ISO date. */
	readonly date: string;
	readonly machine: string;
	readonly browser: string;
	/** The machine's load average at the start. */
	readonly load: number;
	readonly versions: Readonly<Record<Exclude<Who, 'mien'>, string>>;
	/** Up to the first result with an empty cache: files, and bytes as transferred. */
	readonly bytes: Readonly<Record<Who, { readonly files: number; readonly bytes: number }>>;
	readonly starts: readonly Start[];
	/**
	 * Longest task on Mien's page between first paint and first result of a first visit, in milliseconds: the median.
	 */
	readonly longestTaskMs?: number | undefined;
	/** Where and when frames were measured, if not with the starts. */
	readonly framesBefore?: string | undefined;
	readonly frames: readonly Frames[];
}

/** Limits for a start: a fraction of human's time, or milliseconds. */
const GOALS: readonly {
	readonly line: string;
	readonly visit: Start['visit'];
	readonly of: 'human' | 'ms';
	readonly most: number;
}[] = [
	{ line: 'this machine', visit: 'first', of: 'human', most: 0.6 },
	{ line: 'this machine', visit: 'second', of: 'ms', most: 350 },
	{ line: '10 Mbit/s and 40 ms', visit: 'first', of: 'human', most: 0.7 }
];
const LONGEST_TASK_MS = 50;

/** "0.60 of human's: missed", or nothing if there is no goal. */
function goalOf({ line, visit, times }: Start): string {
	const goal = GOALS.find((each) => each.line === line && each.visit === visit);
	if (goal === undefined) return '';
	const found = goal.of === 'ms' ? times.mien.medianMs : times.mien.medianMs / times.human.medianMs;
	const limit = goal.of === 'ms' ? `${(goal.most / 1000).toFixed(2)} s` : `${goal.most.toFixed(2)} of human's`;
	return `${limit}: ${found <= goal.most ? 'met' : 'missed'}`;
}

const TITLES: Readonly<Record<Who, string>> = { mien: 'Mien', human: 'human', 'face-api': 'face-api' };

function ratio(mien: number, other: number): string {
	return (mien / other).toFixed(2);
}

/** The summary for README.md: one table, with the goals, and without frames in which Mien finds too few faces. */
export function peersSummary(results: PeersResults): string {
	const { date, machine, load, versions, bytes, starts, longestTaskMs, framesBefore, frames } = results;
	const ratios = (of: (who: Who) => number): string[] => [
		ratio(of('mien'), of('human')),
		ratio(of('mien'), of('face-api'))
	];
	const startRows = starts.map((start) => [
		`${start.visit} visit, ${start.line}`,
		`${(start.times.mien.medianMs / 1000).toFixed(2)} s`,
		...ratios((who) => start.times[who].medianMs),
		goalOf(start)
	]);
	// Finding fewer faces means less work.
	const whole = frames.filter(({ faces, times }) => times.mien.found >= faces);
	const frameRows = whole.map(({ faces, size, times }) => [
		`a frame, ${String(faces)} ${faces === 1 ? 'face' : 'faces'}, ${size}`,
		`${times.mien.medianMs.toFixed(1)} ms`,
		...ratios((who) => times[who].medianMs),
		''
	]);
	const task =
		longestTaskMs === undefined
			? []
			: [
					[
						"longest task of the page's thread",
						// Shorter ones are not reported.
						longestTaskMs === 0 ? 'under 50 ms' : `${longestTaskMs.toFixed(0)} ms`,
						'',
						'',
						`${String(LONGEST_TASK_MS)} ms: ${longestTaskMs <= LONGEST_TASK_MS ? 'met' : 'missed'}`
					]
				];
	return [
		`Compared with its peers, human ${versions.human} and face-api ${versions['face-api']}, in one run on ${machine}, ${date.slice(0, 10)}, load ${load.toFixed(1)}${framesBefore === undefined ? '' : `; frames in another, on ${framesBefore}`}:`,
		'',
		table([
			['', 'Mien', 'Mien / human', 'Mien / face-api', 'goal'],
			...startRows,
			[
				'first visit, transferred',
				`${(bytes.mien.bytes / 1e6).toFixed(2)} MB`,
				...ratios((who) => bytes[who].bytes),
				''
			],
			...task,
			...frameRows
		])
	].join('\n');
}

/** Tables in Markdown: starts, bytes and frames of each, and Mien's as fractions of the others'. */
export function peersTables(results: PeersResults): string {
	const { date, machine, browser, load, versions, bytes, starts, framesBefore, frames } = results;
	const seconds = ({ medianMs, bestMs }: Times): string =>
		`${(medianMs / 1000).toFixed(2)} (${(bestMs / 1000).toFixed(2)})`;
	const ms = ({ medianMs, bestMs }: Times): string => `${medianMs.toFixed(1)} (${bestMs.toFixed(1)})`;
	const ratios = (of: (who: Who) => number): string[] => [
		ratio(of('mien'), of('human')),
		ratio(of('mien'), of('face-api'))
	];
	const head = (first: string): string[] => [
		first,
		...WHO.map((who) => TITLES[who]),
		'Mien / human',
		'Mien / face-api'
	];
	const startRows = starts.map(({ line, visit, times }) => [
		`${visit} visit, ${line}`,
		...WHO.map((who) => seconds(times[who])),
		...ratios((who) => times[who].medianMs)
	]);
	const byteRow = [
		'first visit, MB transferred (files)',
		...WHO.map((who) => `${(bytes[who].bytes / 1e6).toFixed(2)} (${String(bytes[who].files)})`),
		...ratios((who) => bytes[who].bytes)
	];
	const frameRows = frames.map(({ faces, size, times }) => [
		`${String(faces)} ${faces === 1 ? 'face' : 'faces'}, ${size}`,
		...WHO.map((who) => {
			const { found, perSecond } = times[who];
			return `${ms(times[who])}, ${perSecond.toFixed(0)}/s, finds ${found.toFixed(found % 1 === 0 ? 0 : 1)}`;
		}),
		...ratios((who) => times[who].medianMs)
	]);
	return [
		`${machine}; ${browser}; human ${versions.human}, face-api ${versions['face-api']}; ${date.slice(0, 10)}, load ${load.toFixed(1)}.`,
		'',
		'Seconds from the navigation to the first result of one portrait, in a tab that has been open for 1.5 s, median (best):',
		'',
		table([head(''), ...startRows, byteRow]),
		'',
		`Milliseconds from a frame to its faces and expressions, median (best), and frames a second with a camera that gives 30${framesBefore === undefined ? '' : `, measured on ${framesBefore}`}:`,
		'',
		table([head(''), ...frameRows])
	].join('\n');
}
