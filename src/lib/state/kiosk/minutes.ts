/** The log of a kiosk: what was seen, by minute and expression. No pictures, nothing that tells who it was. */
import type { Incident } from './supervise';

export const MINUTE_MS = 60_000;
/** A longer interval between two frames is an interruption, during which nobody was seen. */
const LONGEST_STEP_MS = 2000;

/** Figures of one expression in one minute. Sums, so that records can be added up. */
export interface ExpressionMinute {
	/** Different faces (by their ids) that showed it as their label. */
	readonly faces: number;
	/** Milliseconds that faces showed it, summed over all faces. */
	readonly dwellMs: number;
	/** Integral of its probability over all faces and their time; the mean probability is this divided by `seenMs`. */
	readonly probabilityMs: number;
}

export interface MinuteRecord {
	/** Start of the minute: milliseconds since 1970, UTC. Not affected by changes of local time. */
	readonly minute: number;
	readonly frames: number;
	/** Different faces in view during the minute, and those of them that were not there before. */
	readonly faces: number;
	readonly arrivals: number;
	/** Different faces that were too small to be read; they count in no other figure but `faces` and `arrivals`. */
	readonly tooSmall: number;
	/** Milliseconds that faces were in view and read, summed, and the part of that with an uncertain label. */
	readonly seenMs: number;
	readonly unsureMs: number;
	/** By label. */
	readonly expressions: Readonly<Record<string, ExpressionMinute>>;
	readonly incidents: Readonly<Partial<Record<Incident, number>>>;
}

/** A face of one frame, as the log sees it. */
export interface LoggedFace {
	readonly id: number;
	readonly tooSmall: boolean;
	/** Null if the model is unsure or the face is too small. */
	readonly label: string | null;
	/** Probability by label; empty for faces too small. */
	readonly probabilities: Readonly<Record<string, number>>;
}

export interface LoggedFrame {
	/** By the wall clock, which may jump. */
	readonly wallMs: number;
	/** By a clock that does not jump: durations come from this one. */
	readonly steadyMs: number;
	/** Face ids are comparable only within a run; a new one begins with each start of the source or the analysis. */
	readonly run: number;
	readonly faces: readonly LoggedFace[];
}

/** The current minute. */
export interface OpenMinute {
	readonly record: MinuteRecord | null;
	readonly lastSteadyMs: number | null;
	readonly run: number;
	/** Ids in view at the last frame. */
	readonly present: ReadonlySet<number>;
	/** Ids counted in the record: in view, too small, and by label. */
	readonly counted: ReadonlySet<string>;
	/** Greatest id of this run that was counted as an arrival; ids only grow. */
	readonly arrived: number;
}

export const NO_MINUTE: OpenMinute = {
	record: null,
	lastSteadyMs: null,
	run: 0,
	present: new Set(),
	counted: new Set(),
	arrived: 0
};

/** `minute`: its start, in milliseconds since 1970. */
export function emptyMinute(minute: number): MinuteRecord {
	return {
		minute,
		frames: 0,
		faces: 0,
		arrivals: 0,
		tooSmall: 0,
		seenMs: 0,
		unsureMs: 0,
		expressions: {},
		incidents: {}
	};
}

/** Start of the minute that contains a time. */
export function minuteOf(wallMs: number): number {
	return Math.floor(wallMs / MINUTE_MS) * MINUTE_MS;
}

/** Start of the day that contains a time, in local time. */
export function midnightOf(wallMs: number): number {
	return new Date(wallMs).setHours(0, 0, 0, 0);
}

/**
 * The minute that contains `wallMs`, and the record of the previous one if that is over. A clock that is set back
 * begins an earlier minute again; its two records must then be added up.
 */
export function turnMinute(open: OpenMinute, wallMs: number): { open: OpenMinute; done: MinuteRecord | null } {
	const minute = minuteOf(wallMs);
	if (open.record?.minute === minute) return { open, done: null };
	return { open: { ...open, record: emptyMinute(minute), counted: new Set() }, done: open.record };
}

/** The log after one more frame. */
export function logFrame(before: OpenMinute, frame: LoggedFrame): { open: OpenMinute; done: MinuteRecord | null } {
	const { open, done } = turnMinute(before, frame.wallMs);
	const record = open.record ?? emptyMinute(minuteOf(frame.wallMs));
	const sameRun = open.run === frame.run;
	const stepMs = sameRun && open.lastSteadyMs !== null ? frame.steadyMs - open.lastSteadyMs : 0;
	const isStep = stepMs > 0 && stepMs <= LONGEST_STEP_MS;
	const counted = new Set(open.counted);
	const isFirst = (what: string): boolean => counted.size !== counted.add(`${frame.run} ${what}`).size;
	let arrived = sameRun ? open.arrived : 0;
	let { faces, arrivals, tooSmall, seenMs, unsureMs } = record;
	const expressions: Record<string, ExpressionMinute> = { ...record.expressions };
	const add = (label: string, patch: Partial<ExpressionMinute>): void => {
		expressions[label] = addExpressions(expressions[label], { faces: 0, dwellMs: 0, probabilityMs: 0, ...patch });
	};
	for (const face of frame.faces.toSorted((a, b) => a.id - b.id)) {
		if (isFirst(`face ${face.id}`)) faces++;
		if (face.id > arrived) {
			arrivals++;
			arrived = face.id;
		}
		if (face.tooSmall) {
			if (isFirst(`small ${face.id}`)) tooSmall++;
			continue;
		}
		// A face's time counts from when it was first seen; how long it was there before is unknown.
		const dwellMs = isStep && open.present.has(face.id) ? stepMs : 0;
		seenMs += dwellMs;
		if (face.label === null) unsureMs += dwellMs;
		else add(face.label, { dwellMs, faces: isFirst(`label ${face.id} ${face.label}`) ? 1 : 0 });
		for (const [label, probability] of Object.entries(face.probabilities)) {
			add(label, { probabilityMs: probability * dwellMs });
		}
	}
	return {
		open: {
			record: { ...record, frames: record.frames + 1, faces, arrivals, tooSmall, seenMs, unsureMs, expressions },
			lastSteadyMs: frame.steadyMs,
			run: frame.run,
			present: new Set(frame.faces.map(({ id }) => id)),
			counted,
			arrived
		},
		done
	};
}

/** The log after an incident. */
export function logIncident(
	before: OpenMinute,
	incident: Incident,
	wallMs: number
): { open: OpenMinute; done: MinuteRecord | null } {
	const { open, done } = turnMinute(before, wallMs);
	const record = open.record ?? emptyMinute(minuteOf(wallMs));
	const incidents = { ...record.incidents, [incident]: (record.incidents[incident] ?? 0) + 1 };
	return { open: { ...open, record: { ...record, incidents } }, done };
}

/** Two records as one that begins with the earlier one: of the same minute, or for longer spans. */
export function addMinutes(a: MinuteRecord, b: MinuteRecord): MinuteRecord {
	const expressions: Record<string, ExpressionMinute> = { ...a.expressions };
	for (const [label, figures] of Object.entries(b.expressions)) {
		expressions[label] = addExpressions(expressions[label], figures);
	}
	const incidents: Partial<Record<Incident, number>> = { ...a.incidents };
	for (const [incident, count] of Object.entries(b.incidents) as [Incident, number][]) {
		incidents[incident] = (incidents[incident] ?? 0) + count;
	}
	return {
		minute: Math.min(a.minute, b.minute),
		frames: a.frames + b.frames,
		faces: a.faces + b.faces,
		arrivals: a.arrivals + b.arrivals,
		tooSmall: a.tooSmall + b.tooSmall,
		seenMs: a.seenMs + b.seenMs,
		unsureMs: a.unsureMs + b.unsureMs,
		expressions,
		incidents
	};
}

/** One record per minute, in order: records of the same minute are added up. */
export function mergeMinutes(records: readonly MinuteRecord[]): MinuteRecord[] {
	const byMinute = new Map<number, MinuteRecord>();
	for (const record of records) {
		const before = byMinute.get(record.minute);
		byMinute.set(record.minute, before === undefined ? record : addMinutes(before, record));
	}
	return [...byMinute.values()].sort((a, b) => a.minute - b.minute);
}

function addExpressions(a: ExpressionMinute | undefined, b: ExpressionMinute): ExpressionMinute {
	if (a === undefined) return b;
	return {
		faces: a.faces + b.faces,
		dwellMs: a.dwellMs + b.dwellMs,
		probabilityMs: a.probabilityMs + b.probabilityMs
	};
}

/** `count` spans of `spanMs` up to `endMs`, oldest first, each with the sum of its records. */
export function binMinutes(
	records: readonly MinuteRecord[],
	{ endMs, spanMs, count }: { endMs: number; spanMs: number; count: number }
): MinuteRecord[] {
	const startMs = endMs - spanMs * count;
	const bins = Array.from({ length: count }, (_, index) => emptyMinute(startMs + index * spanMs));
	for (const record of records) {
		const index = Math.floor((record.minute - startMs) / spanMs);
		const bin = bins[index];
		if (bin !== undefined) bins[index] = { ...addMinutes(bin, record), minute: bin.minute };
	}
	return bins;
}
