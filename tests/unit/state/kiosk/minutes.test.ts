import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { toCsv, toJson } from '../../../../src/lib/state/kiosk/export';
import {
	addMinutes,
	binMinutes,
	emptyMinute,
	logFrame,
	logIncident,
	mergeMinutes,
	type LoggedFace,
	MINUTE_MS,
	type MinuteRecord,
	NO_MINUTE,
	type OpenMinute,
	turnMinute
} from '../../../../src/lib/state/kiosk/minutes';

const NOON = Date.UTC(2026, 10, 24, 12);

function face(id: number, label: string | null, probability = 0.8): LoggedFace {
	return { id, tooSmall: false, label, probabilities: { happy: probability, sad: 1 - probability } };
}

/** Plays frames ten times a second and collects finished minutes; `wallAt` maps the steady clock to the wall clock. */
class Play {
	open: OpenMinute = NO_MINUTE;
	readonly done: MinuteRecord[] = [];
	steadyMs = 0;

	constructor(private readonly wallAt: (steadyMs: number) => number) {}

	for(ms: number, faces: readonly LoggedFace[], run = 1): this {
		for (const endMs = this.steadyMs + ms; this.steadyMs < endMs; this.steadyMs += 100) {
			const { open, done } = logFrame(this.open, {
				wallMs: this.wallAt(this.steadyMs),
				steadyMs: this.steadyMs,
				run,
				faces
			});
			this.open = open;
			if (done !== null) this.done.push(done);
		}
		return this;
	}

	/** All records, those of the same minute added up, as the store does. */
	get minutes(): MinuteRecord[] {
		const all = new Map<number, MinuteRecord>();
		for (const record of [...this.done, ...(this.open.record === null ? [] : [this.open.record])]) {
			const before = all.get(record.minute);
			all.set(record.minute, before === undefined ? record : addMinutes(before, record));
		}
		return [...all.values()];
	}
}

const sum = (records: readonly MinuteRecord[], read: (record: MinuteRecord) => number): number =>
	records.reduce((total, record) => total + read(record), 0);

describe('one minute of the log', () => {
	it('counts faces, dwell and probabilities', () => {
		const play = new Play((ms) => NOON + ms)
			.for(10_000, [face(1, 'happy')])
			.for(10_000, [face(1, 'happy'), face(2, 'sad', 0.3)]);
		const record = play.open.record ?? emptyMinute(0);
		expect(record).toMatchObject({ minute: NOON, frames: 200, faces: 2, arrivals: 2, tooSmall: 0, unsureMs: 0 });
		// A face counts from its second frame on.
		expect(record.seenMs).toBe(19_900 + 9900);
		expect(record.expressions['happy']).toMatchObject({ faces: 1, dwellMs: 19_900 });
		expect(record.expressions['sad']).toMatchObject({ faces: 1, dwellMs: 9900 });
		expect(record.expressions['happy']?.probabilityMs).toBeCloseTo(19_900 * 0.8 + 9900 * 0.3, 6);
	});

	it('keeps unsure and too small faces apart', () => {
		const small: LoggedFace = { id: 3, tooSmall: true, label: null, probabilities: {} };
		const record = new Play((ms) => NOON + ms).for(5000, [face(1, null), small]).open.record ?? emptyMinute(0);
		expect(record).toMatchObject({ faces: 2, arrivals: 2, tooSmall: 1, seenMs: 4900, unsureMs: 4900 });
		expect(record.expressions['happy']).toMatchObject({ faces: 0, dwellMs: 0 });
	});

	it('counts an interruption towards nobody’s dwell', () => {
		const play = new Play((ms) => NOON + ms).for(1000, [face(1, 'happy')]);
		play.steadyMs += 30_000;
		play.for(1000, [face(1, 'happy')]);
		expect(play.open.record?.seenMs).toBe(900 + 900);
	});

	it('loses nothing when the frame clock jumps back', () => {
		const play = new Play((ms) => NOON + ms).for(5000, [face(1, 'happy')]);
		play.steadyMs -= 3000;
		play.for(1000, [face(1, 'happy')]);
		expect(play.open.record?.seenMs).toBe(4900 + 900);
	});

	it('takes faces in any order', () => {
		const play = new Play((ms) => NOON + ms).for(1000, [face(2, 'happy'), face(1, 'happy')]);
		expect(play.open.record).toMatchObject({ faces: 2, arrivals: 2 });
	});

	it('treats ids of another run as other faces', () => {
		const play = new Play((ms) => NOON + ms).for(1000, [face(1, 'happy')], 1).for(1000, [face(1, 'happy')], 2);
		expect(play.open.record).toMatchObject({ faces: 2, arrivals: 2, seenMs: 1800 });
	});

	it('counts a face that comes back with its id once', () => {
		const play = new Play((ms) => NOON + ms)
			.for(1000, [face(1, 'happy')])
			.for(1000, [])
			.for(1000, [face(1, 'happy')]);
		expect(play.open.record).toMatchObject({ faces: 1, arrivals: 1, seenMs: 1800 });
	});
});

describe('minutes of the log in sequence', () => {
	it('end on time, even while no frames come', () => {
		const play = new Play((ms) => NOON + ms).for(1000, [face(1, 'happy')]);
		expect(turnMinute(play.open, NOON + 59_999).done).toBeNull();
		expect(turnMinute(play.open, NOON + MINUTE_MS).done).toMatchObject({ minute: NOON, faces: 1 });
	});

	it('run past midnight, in any zone, without a gap', () => {
		const beforeMidnight = Date.UTC(2026, 11, 31, 23, 58);
		const play = new Play((ms) => beforeMidnight + ms).for(4 * MINUTE_MS, [face(1, 'happy')]);
		expect(play.minutes.map(({ minute }) => minute)).toEqual([0, 1, 2, 3].map((n) => beforeMidnight + n * MINUTE_MS));
		expect(sum(play.minutes, ({ seenMs }) => seenMs)).toBe(4 * MINUTE_MS - 100);
		expect(sum(play.minutes, ({ arrivals }) => arrivals)).toBe(1);
		expect(play.minutes.every(({ faces }) => faces === 1)).toBe(true);
	});

	it('are unaffected by summer time, as the log counts in UTC', () => {
		const changes = [Date.UTC(2026, 2, 29, 0, 59), Date.UTC(2026, 9, 25, 0, 59)];
		for (const start of changes) {
			const play = new Play((ms) => start + ms).for(2 * MINUTE_MS, [face(1, 'happy')]);
			expect(play.minutes.map(({ minute }) => minute - start)).toEqual([0, MINUTE_MS]);
		}
	});

	it('count on in earlier ones when the clock is set back an hour, with no time negative or counted twice', () => {
		const play = new Play((ms) => NOON + ms - (ms >= 90_000 ? 3_600_000 : 0)).for(180_000, [face(1, 'happy')]);
		expect(sum(play.minutes, ({ seenMs }) => seenMs)).toBe(180_000 - 100);
		expect(sum(play.minutes, ({ arrivals }) => arrivals)).toBe(1);
		for (const { seenMs } of play.minutes) expect(seenMs).toBeGreaterThanOrEqual(0);
		expect(Math.min(...play.minutes.map(({ minute }) => minute))).toBe(NOON - 3_600_000 + MINUTE_MS);
	});

	it('leave a gap when the clock is set forward, and invent nothing', () => {
		const play = new Play((ms) => NOON + ms + (ms >= 30_000 ? 86_400_000 : 0)).for(60_000, [face(1, 'happy')]);
		expect(play.minutes).toHaveLength(2);
		expect(sum(play.minutes, ({ seenMs }) => seenMs)).toBe(60_000 - 100);
	});

	it('lose no time when the clock jumps back and forth for hours', () => {
		let wallMs = NOON;
		let seed = 1;
		const play = new Play(() => {
			seed = (seed * 16_807) % 2_147_483_647;
			wallMs += 100 + (seed % 50 === 0 ? (seed % 2 === 0 ? 1 : -1) * (seed % 7_200_000) : 0);
			return wallMs;
		}).for(600_000, [face(1, 'happy')]);
		expect(sum(play.minutes, ({ seenMs }) => seenMs)).toBe(600_000 - 100);
		expect(sum(play.minutes, ({ frames }) => frames)).toBe(6000);
	});
});

it('incidents are counted in their minute, and add up', () => {
	const first = logIncident(NO_MINUTE, 'source-lost', NOON).open;
	const second = logIncident(first, 'source-lost', NOON + 1000).open;
	expect(second.record?.incidents).toEqual({ 'source-lost': 2 });
	const other = logIncident(NO_MINUTE, 'asleep', NOON).open;
	expect(addMinutes(second.record ?? emptyMinute(0), other.record ?? emptyMinute(0)).incidents).toEqual({
		'source-lost': 2,
		asleep: 1
	});
});

it('two records of a minute add up in every figure, in either order', () => {
	const part = (factor: number): MinuteRecord => ({
		minute: NOON,
		frames: 600 * factor,
		faces: 5 * factor,
		arrivals: 4 * factor,
		tooSmall: 3 * factor,
		seenMs: 20_000 * factor,
		unsureMs: 2000 * factor,
		expressions: { happy: { faces: 2 * factor, dwellMs: 9000 * factor, probabilityMs: 8000 * factor } },
		incidents: { asleep: factor }
	});
	const later = emptyMinute(NOON + MINUTE_MS);
	expect(mergeMinutes([later, part(1), part(2)])).toEqual([part(3), later]);
	expect(mergeMinutes([part(2), later, part(1)])).toEqual([part(3), later]);
});

it('bins hold every record of their span, and no other', () => {
	const records = Array.from({ length: 120 }, (_, index) => ({ ...emptyMinute(NOON + index * MINUTE_MS), frames: 1 }));
	const bins = binMinutes(records, { endMs: NOON + 120 * MINUTE_MS, spanMs: 30 * MINUTE_MS, count: 3 });
	expect(bins.map(({ minute, frames }) => [(minute - NOON) / MINUTE_MS, frames])).toEqual([
		[30, 30],
		[60, 30],
		[90, 30]
	]);
});

describe('exports of the kiosk log', () => {
	const records = new Play((ms) => NOON + ms).for(10_000, [face(1, 'happy')]).minutes;

	it('as CSV have one line per minute, with formulas defused', () => {
		const [head, line, end] = toCsv(records).split('\r\n');
		expect(head).toMatch(/^\uFEFFminute,frames,faces,arrivals,too_small,seen_s,unsure_s,happy_faces,happy_dwell_s,/);
		expect(line).toMatch(/^2026-11-24T12:00:00\.000Z,100,1,1,0,9\.9,0,1,9\.9,0\.8,/);
		expect(end).toBe('');
		const hostile = { ...emptyMinute(NOON), expressions: { '=cmd("x")': { faces: 1, dwellMs: 0, probabilityMs: 0 } } };
		expect(toCsv([hostile])).toContain(`"'=cmd(""x"")_faces"`);
	});

	it('as CSV name every label and incident, with an empty mean if nobody was read', () => {
		const incidents: MinuteRecord = { ...emptyMinute(NOON + MINUTE_MS), incidents: { 'source-lost': 2, asleep: 1 } };
		const rows = parse<Record<string, string>>(toCsv([...records, incidents]), {
			columns: true,
			recordDelimiter: '\r\n'
		});
		expect(rows.map((row) => [row['happy_mean_probability'], row['sad_faces'], row['sad_dwell_s']])).toEqual([
			['0.8', '0', '0'],
			['', '0', '0']
		]);
		expect(rows.map((row) => [row['source_lost'], row['asleep'], row['memory']])).toEqual([
			['0', '0', '0'],
			['2', '1', '0']
		]);
	});

	it('round seconds to tenths and means to four digits', () => {
		const expressions = { happy: { faces: 1, dwellMs: 12_345, probabilityMs: 10_000 } };
		const odd: MinuteRecord = { ...emptyMinute(NOON), seenMs: 30_049, unsureMs: 1250.4, expressions };
		expect(toCsv([odd])).toContain(',30,1.3,1,12.3,0.3328,');
	});

	it('as JSON hold the same, with means', async () => {
		const { minutes } = JSON.parse(await toJson(records).text()) as { minutes: { expressions: { happy: object } }[] };
		expect(minutes[0]?.expressions.happy).toEqual({ faces: 1, dwellSeconds: 9.9, meanProbability: 0.8 });
	});

	it.each([0, 1, 2000, 2001, 4500])('as JSON can be read, %d of them, one on each line', async (count) => {
		const many = Array.from({ length: count }, (_, index) => emptyMinute(NOON + index * 60_000));
		const text = await toJson(many).text();
		const { minutes } = JSON.parse(text) as { minutes: { minute: string }[] };
		expect(minutes.map(({ minute }) => Date.parse(minute))).toEqual(many.map(({ minute }) => minute));
		expect(text.split('\n').filter((line) => line.includes('"minute"'))).toHaveLength(count);
	});
});
