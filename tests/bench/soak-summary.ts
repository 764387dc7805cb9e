/** What a soak recorded, and what that says about the kiosk. */
import { fitLine, median, type Line } from './figures';
import { FAULT_KINDS, FAULTS, type FaultKind } from './soak-plan';

/** What the kiosk and its browser were like at the end of a minute. */
export interface Sample {
	readonly type: 'sample';
	/** Minutes since the kiosk started running, with fractions. */
	readonly minute: number;
	/** Results of the analysis since the start. */
	readonly frames: number;
	/** Script heaps after garbage collection; null if the worker gave no answer. */
	readonly pageHeapMb: number;
	readonly workerHeapMb: number | null;
	/** Live tensors in the worker; null if it gave no answer. */
	readonly tensors: number | null;
	readonly nodes: number;
	readonly listeners: number;
	/** Of the page's process, including its worker; null if the system does not tell. */
	readonly processMb: number | null;
	/** As the kiosk counts them itself. */
	readonly incidents: Readonly<Record<string, number>>;
	readonly reloads: number;
}

export interface Outcome {
	readonly type: 'fault';
	readonly minute: number;
	readonly kind: FaultKind;
	readonly heldS: number;
	/** From the end of the fault (or its start, if not held) to steady results with a face; null for never. */
	readonly recoveredS: number | null;
}

/** An uncaught error of the page that no fault explains, or the end of the page itself. */
export interface Trouble {
	readonly type: 'trouble';
	readonly minute: number;
	readonly text: string;
	/** True if the page is gone. */
	readonly fatal: boolean;
}

export type SoakRecord = Sample | Outcome | Trouble;

/** Until then, caches fill and code is compiled. */
const SETTLED_MINUTES = 10;
/** A slope over less time says more about the garbage collector than about the kiosk. */
const JUDGED_MINUTES = 20;
const GROWTH_LIMIT_MB = 2;

function samplesOf(records: readonly SoakRecord[]): Sample[] {
	return records.filter((record) => record.type === 'sample');
}

/** Script heaps of page and worker together. */
function heapMb({ pageHeapMb, workerHeapMb }: Sample): number | null {
	return workerHeapMb === null ? null : pageHeapMb + workerHeapMb;
}

/** MB per hour, once the kiosk has settled; null if the run was too short. */
export function heapGrowth(records: readonly SoakRecord[]): Line | null {
	const samples = samplesOf(records);
	if ((samples.at(-1)?.minute ?? 0) <= JUDGED_MINUTES) return null;
	const points = samples.flatMap((sample): [number, number][] => {
		const mb = heapMb(sample);
		return sample.minute < SETTLED_MINUTES || mb === null ? [] : [[sample.minute / 60, mb]];
	});
	return fitLine(points);
}

/** Tensor counts of the first and of the second half of the run; null if there are too few. */
function tensorHalves(records: readonly SoakRecord[]): { first: number[]; second: number[] } | null {
	const counts = samplesOf(records).flatMap(({ tensors }) => tensors ?? []);
	const half = Math.floor(counts.length / 2);
	return half === 0 ? null : { first: counts.slice(0, half), second: counts.slice(half) };
}

/** Why the run failed, one sentence each; empty if it passed. */
export function judge(records: readonly SoakRecord[]): string[] {
	const reasons: string[] = [];
	for (const record of records) {
		if (record.type === 'fault' && record.recoveredS === null) {
			reasons.push(
				`The kiosk did not come back from "${FAULTS[record.kind].title}" (minute ${record.minute.toFixed(1)}).`
			);
		}
		if (record.type === 'trouble' && record.fatal) reasons.push(record.text);
	}
	const halves = tensorHalves(records);
	if (halves !== null && Math.min(...halves.second) > Math.min(...halves.first)) {
		reasons.push(
			`Tensors grew: at least ${Math.min(...halves.first)} in the first half, ${Math.min(...halves.second)} in the second.`
		);
	}
	const growth = heapGrowth(records);
	if (growth !== null && growth.slope >= GROWTH_LIMIT_MB) {
		reasons.push(`The heap grew by ${growth.slope.toFixed(2)} MB an hour; the limit is ${GROWTH_LIMIT_MB}.`);
	}
	if (samplesOf(records).length === 0) reasons.push('Nothing was measured: the run ended within its first minute.');
	return reasons;
}

/** The line of one minute. */
export function sampleLine(sample: Sample, before: Sample | null): string {
	const { minute, frames, pageHeapMb, workerHeapMb, tensors, nodes, processMb } = sample;
	const fps = (frames - (before?.frames ?? 0)) / (60 * (minute - (before?.minute ?? 0)));
	const worker = workerHeapMb === null ? '?' : workerHeapMb.toFixed(2);
	return [
		`${minute.toFixed(1).padStart(6)} min`,
		`${frames} frames (${fps.toFixed(1)}/s)`,
		`heap ${pageHeapMb.toFixed(2)} + ${worker} MB`,
		`tensors ${tensors ?? '?'}`,
		`nodes ${nodes}`,
		`process ${processMb === null ? '?' : processMb.toFixed(0)} MB`
	].join('  ');
}

export function outcomeLine({ minute, kind, heldS, recoveredS }: Outcome): string {
	const held = heldS > 0 ? ` for ${heldS} s` : '';
	const back = recoveredS === null ? 'NOT RECOVERED' : `back after ${recoveredS.toFixed(1)} s`;
	return `${minute.toFixed(1).padStart(6)} min  ${FAULTS[kind].title}${held}: ${back}`;
}

/** The whole run in lines for the console. */
export function summarise(records: readonly SoakRecord[]): string[] {
	const samples = samplesOf(records);
	const last = samples.at(-1);
	const outcomes = records.filter((record) => record.type === 'fault');
	const troubles = records.filter((record) => record.type === 'trouble');
	const lines: string[] = [];
	if (last !== undefined) {
		const fps = last.frames / (60 * last.minute);
		lines.push(`${last.minute.toFixed(1)} minutes, ${last.frames} frames, ${fps.toFixed(1)} frames/s`);
	}
	lines.push(
		'',
		'Faults, and seconds until faces were found again:',
		faultRow(['', 'count', 'back', 'median', 'worst'])
	);
	for (const kind of FAULT_KINDS)
		lines.push(
			...faultRows(
				FAULTS[kind].title,
				outcomes.filter((each) => each.kind === kind)
			)
		);
	lines.push(...faultRows('all', outcomes), '');
	const incidents = Object.entries(last?.incidents ?? {}).map(([name, count]) => `${name} ${count}`);
	lines.push(`Counted by the kiosk itself: ${incidents.join(', ') || 'nothing'}`);
	lines.push(...overTime(samples));
	const growth = heapGrowth(records);
	lines.push(
		growth === null
			? `Heap: run too short for a slope (it takes more than ${JUDGED_MINUTES} minutes)`
			: `Heap: ${growth.slope.toFixed(2)} MB an hour (standard error ${growth.error.toFixed(2)}) after the first ${SETTLED_MINUTES} minutes`
	);
	lines.push(tensorLine(samples));
	lines.push(`Page reloads: ${last?.reloads ?? 0}`);
	lines.push(`Unexpected errors of the page: ${troubles.length === 0 ? 'none' : ''}`);
	lines.push(...new Set(troubles.map(({ text }) => `  ${text}`)));
	const reasons = judge(records);
	lines.push('', reasons.length === 0 ? 'Passed.' : `Failed: ${reasons.join(' ')}`);
	return lines;
}

function faultRow([title = '', ...cells]: readonly string[]): string {
	return `  ${title.padEnd(24)}${cells.map((cell) => cell.padStart(8)).join('')}`;
}

function faultRows(title: string, outcomes: readonly Outcome[]): string[] {
	if (outcomes.length === 0) return [];
	const seconds = outcomes.flatMap(({ recoveredS }) => recoveredS ?? []);
	const figures = seconds.length === 0 ? ['-', '-'] : [median(seconds), Math.max(...seconds)].map((s) => s.toFixed(1));
	return [faultRow([title, String(outcomes.length), String(seconds.length), ...figures])];
}

/** Up to a dozen samples over time, including the first and the last. */
function overTime(samples: readonly Sample[]): string[] {
	const most = 12;
	const step = Math.max(1, (samples.length - 1) / (most - 1));
	const chosen = new Set(samples.map((_, index) => Math.round(index * step)).filter((index) => index < samples.length));
	const row = (title: string, of: (sample: Sample) => string): string =>
		`  ${title.padEnd(24)}${[...chosen].map((index) => of(samples[index] as Sample).padStart(8)).join('')}`;
	return [
		'Over time:',
		row('minute', ({ minute }) => minute.toFixed(0)),
		row('heap of the page, MB', ({ pageHeapMb }) => pageHeapMb.toFixed(2)),
		row('heap of the worker, MB', ({ workerHeapMb }) => workerHeapMb?.toFixed(2) ?? '?'),
		row('tensors', ({ tensors }) => String(tensors ?? '?')),
		row('nodes', ({ nodes }) => String(nodes)),
		row('listeners', ({ listeners }) => String(listeners)),
		row('process, MB', ({ processMb }) => processMb?.toFixed(0) ?? '?')
	];
}

function tensorLine(samples: readonly Sample[]): string {
	const counts = samples.flatMap(({ tensors }) => tensors ?? []);
	const [least, most] = [Math.min(...counts), Math.max(...counts)];
	if (counts.length === 0) return 'Tensors: not counted';
	return least === most ? `Tensors: constant, ${least}` : `Tensors: not constant, ${least} to ${most}`;
}
