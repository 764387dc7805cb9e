import { describe, expect, it } from 'vitest';
import {
	type Action,
	type Incident,
	type Observation,
	retryDelayMs,
	supervise,
	UNWATCHED,
	type Watch
} from '../../../../src/lib/state/kiosk/supervise';

const TICK_MS = 250;
const LIMITS = { memoryMb: 500, reloadedMs: -Infinity };

/** Plays observations in steps of a quarter of a second. */
class Run {
	watch: Watch = UNWATCHED;
	nowMs = 0;
	results = 0;
	readonly actions: { action: Action; atMs: number }[] = [];
	readonly incidents: Incident[] = [];

	constructor(private readonly limits = LIMITS) {}

	/** Plays for `ms`; results come if the source is open and the engine up, unless `silent`. */
	for(ms: number, part: Partial<Observation> & { silent?: boolean } = {}): this {
		const { silent = false, ...seen } = part;
		for (const endMs = this.nowMs + ms; this.nowMs < endMs; this.nowMs += TICK_MS) {
			if ((seen.source ?? 'open') === 'open' && !silent) this.results++;
			const step = supervise(
				this.watch,
				{
					nowMs: this.nowMs,
					wallMs: this.nowMs,
					source: 'open',
					error: null,
					engine: 'up',
					recovering: null,
					results: this.results,
					visible: true,
					patienceMs: 30_000,
					heapMb: 50,
					random: 0.5,
					...seen
				},
				this.limits
			);
			this.watch = step.watch;
			this.incidents.push(...step.incidents);
			if (step.action !== 'none') this.actions.push({ action: step.action, atMs: this.nowMs });
		}
		return this;
	}

	get did(): Action[] {
		return this.actions.map(({ action }) => action);
	}
}

const LOST = { source: 'failed', error: 'stream-lost' } as const;

describe('the back-off of retries', () => {
	it('doubles up to three seconds, with chance moving only the upper half', () => {
		expect([1, 2, 3, 4, 5, 50].map((attempt) => retryDelayMs(attempt, 1))).toEqual([500, 1000, 2000, 3000, 3000, 3000]);
		expect([1, 2, 3, 4, 5, 50].map((attempt) => retryDelayMs(attempt, 0))).toEqual([250, 500, 1000, 1500, 1500, 1500]);
	});
});

describe('a supervised source', () => {
	it('is left alone while it runs', () => {
		const run = new Run().for(600_000);
		expect(run.did).toEqual([]);
		expect(run.incidents).toEqual([]);
	});

	it('that fails is one incident, however many tries it takes, and is retried forever', () => {
		const run = new Run().for(5000);
		for (let outage = 0; outage < 200; outage++) run.for(4000, LOST).for(TICK_MS, { source: 'opening' });
		expect(run.incidents).toEqual(['source-lost']);
		expect(run.did.length).toBeGreaterThanOrEqual(200);
		expect(new Set(run.did)).toEqual(new Set(['open-source']));
		run.for(5000).for(1000, LOST);
		expect(run.incidents).toEqual(['source-lost', 'source-lost']);
	});

	it('that fails is retried within 3.5 seconds at any time', () => {
		const run = new Run().for(5000);
		for (let outage = 0; outage < 20; outage++) run.for(10_000, LOST);
		const gaps = run.actions.map(({ atMs }, index) => atMs - (run.actions[index - 1]?.atMs ?? 5000));
		expect(Math.max(...gaps)).toBeLessThanOrEqual(3500);
		expect(gaps[0]).toBeLessThanOrEqual(750);
	});

	it('starts with short delays again once it ran', () => {
		const run = new Run().for(30_000, LOST).for(2000).for(600, LOST);
		expect(run.did.at(-1)).toBe('open-source');
		expect(run.actions.at(-1)?.atMs).toBeGreaterThan(32_000);
	});

	it('that fails is reported at once', () => {
		expect(new Run().for(5000).for(TICK_MS, LOST).incidents).toEqual(['source-lost']);
		expect(new Run().for(5000).for(50_000, { source: 'opening' }).incidents).toEqual(['source-lost']);
	});

	it('is away, not lost, if it was only ever being opened', () => {
		expect(new Run().for(5000, { source: 'opening' }).for(TICK_MS, LOST).incidents).toEqual(['source-away']);
	});

	it('is not missed if there is none', () => {
		expect(new Run().for(5000).for(100_000, { source: 'none' }).did).toEqual([]);
	});

	it('is away if it never ran, and frozen if it froze', () => {
		expect(new Run().for(2000, { source: 'failed', error: 'stream-unreachable' }).incidents).toEqual(['source-away']);
		expect(new Run().for(2000).for(2000, { source: 'failed', error: 'stream-frozen' }).incidents).toEqual([
			'source-frozen'
		]);
	});

	it('that is open but silent is reopened', () => {
		const run = new Run().for(5000).for(50_000, { silent: true }).for(5000).for(50_000, { silent: true });
		expect(run.did).toEqual(['open-source', 'open-source']);
		expect(run.incidents).toEqual(['source-frozen', 'source-frozen']);
	});

	it('that is slow gets its own time limit, and a little more', () => {
		const slow = { silent: true, patienceMs: 120_000 };
		const run = new Run().for(5000, { patienceMs: 120_000 }).for(130_000, slow);
		expect(run.did).toEqual([]);
		run.for(10_000, slow);
		expect(run.did).toEqual(['open-source']);
	});

	it('that was reopened in vain has the page reloaded, as the analysis fails in every frame', () => {
		const run = new Run().for(5000).for(100_000, { silent: true });
		expect(run.did).toEqual(['open-source', 'reload-page']);
		expect(run.incidents).toEqual(['source-frozen', 'engine-failed']);
		const lately = new Run({ ...LIMITS, reloadedMs: 0 }).for(5000).for(100_000, { silent: true });
		expect(lately.did).toEqual(['open-source', 'open-source']);
	});

	it('that keeps opening is reopened again and again, and reported once', () => {
		const run = new Run().for(5000).for(150_000, { source: 'opening' });
		expect(run.did).toEqual(['open-source', 'open-source', 'open-source']);
		expect(run.incidents).toEqual(['source-lost']);
		expect(new Run().for(30_000, { source: 'opening' }).did).toEqual([]);
	});

	it('is not missed while the page is hidden or the analysis recovers', () => {
		const run = new Run().for(5000).for(100_000, { silent: true, visible: false });
		run.for(40_000, { silent: true }).for(100_000, { silent: true, recovering: 'gpu-lost' });
		expect(run.did).toEqual([]);
		expect(run.incidents).toEqual(['gpu-lost']);
	});
});

describe('the supervised analysis', () => {
	it('is counted once for each restart of its own', () => {
		const run = new Run();
		for (let time = 0; time < 3; time++) run.for(3000, { recovering: 'worker-died', silent: true }).for(3000);
		expect(run.incidents).toEqual(['worker-restarted', 'worker-restarted', 'worker-restarted']);
		expect(run.did).toEqual([]);
	});

	it('has the page reloaded if it does not come back', () => {
		const run = new Run().for(5000).for(240_000, { silent: true, recovering: 'worker-died' });
		expect(run.did).toContain('reload-page');
		expect(run.incidents).toEqual(['worker-restarted', 'source-frozen', 'engine-failed']);
	});

	it('is restarted if it cannot be started, and in the end the page is reloaded', () => {
		const run = new Run();
		while (!run.did.includes('reload-page') && run.nowMs < 60_000) {
			run.for(4000, { engine: 'failed', silent: true }).for(TICK_MS, { silent: true });
		}
		expect(run.did).toEqual(['load-engine', 'load-engine', 'load-engine', 'reload-page']);
		expect(run.incidents).toEqual(['engine-failed']);
	});

	it('is reported again if it ran in between', () => {
		const run = new Run();
		for (let time = 0; time < 2; time++) run.for(2000).for(2000, { engine: 'failed', silent: true });
		expect(run.incidents).toEqual(['engine-failed', 'engine-failed']);
	});

	it('takes precedence over a source that failed with it', () => {
		expect(new Run().for(5000).for(TICK_MS * 3, { ...LOST, engine: 'failed', silent: true }).did).toEqual([
			'load-engine'
		]);
	});

	it('does not reload the page in a loop', () => {
		const run = new Run({ ...LIMITS, reloadedMs: 0 });
		for (let time = 0; time < 100; time++)
			run.for(4000, { engine: 'failed', silent: true }).for(TICK_MS, { silent: true });
		expect(new Set(run.did)).toEqual(new Set(['load-engine']));
	});
});

describe('supervision of sleep and memory', () => {
	it('reopens the source of a computer that slept, by either clock', () => {
		for (const gap of [{ nowMs: 8 * 3.6e6 }, { wallMs: 8 * 3.6e6 }]) {
			const run = new Run().for(5000);
			run.for(TICK_MS, gap);
			expect(run.did).toEqual(['open-source']);
			expect(run.incidents).toEqual(['asleep']);
		}
	});

	it('does not take rare timers of a hidden page for sleep', () => {
		const run = new Run().for(5000).for(TICK_MS, { visible: false });
		run.nowMs += 60_000;
		run.for(TICK_MS, { visible: false }).for(TICK_MS);
		expect(run.incidents).toEqual([]);
		run.for(TICK_MS, { visible: false }).nowMs += 60_000;
		expect(run.for(TICK_MS).incidents).toEqual([]);
	});

	it('lets a computer that slept while its source was opening carry on', () => {
		const run = new Run().for(5000, { source: 'opening' });
		run.nowMs += 60_000;
		run.for(5000, { source: 'opening' });
		expect(run.incidents).toEqual(['asleep']);
		expect(run.did).toEqual([]);
	});

	it('ignores a clock that is set back', () => {
		const run = new Run().for(5000, { wallMs: 1e12 }).for(2000, { ...LOST, wallMs: 1e12 - 3.6e6 });
		expect(run.incidents).toEqual(['source-lost']);
		expect(run.did).toContain('open-source');
	});

	it('reloads the page if it uses too much memory, at most every ten minutes', () => {
		expect(new Run().for(TICK_MS, { heapMb: 501 }).did).toEqual(['reload-page']);
		expect(new Run().for(TICK_MS, { heapMb: 500 }).did).toEqual([]);
		expect(new Run({ ...LIMITS, reloadedMs: -1 }).for(60_000, { heapMb: 900 }).did).toEqual([]);
		expect(new Run().for(TICK_MS, { heapMb: null }).did).toEqual([]);
	});
});
