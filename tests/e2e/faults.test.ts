/** Faults as visitors meet them: the page goes on, or says what failed and what to do, and works once they end. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, request as askSite } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page, Route } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type ErrorCode, EXPLANATIONS } from '../../src/lib/errors';
import { freeze, open, openBrowser, shownError, shownFaces, waitForResults, waitForStatus } from './browser';
import { FilmMaker } from './films';
import { readTrouble } from './kiosk';
import { closeUp } from './pictures';

const MANIFEST = '**/models/index.json';
const WEIGHTS = /\/models\/mien\/[^/]*\.bin$/;
const NETWORK = /\/models\/mien\/model-[^/]*\.json$/;
const DETECTOR = '**/models/blazeface/**';
const KIOSK = '/kiosk?source=snapshot:/streams/walk/snapshot&log=no';
const LOGIN = { contentType: 'text/html', body: '<!DOCTYPE html><title>Hotel Wi-Fi: sign in</title>' };

let browser: Browser;
let folder: string;
/** Path of a film of one second with a face; null without ffmpeg, which makes it. */
let film: string | null = null;
beforeAll(async () => {
	browser = await openBrowser({ camera: 'clip' });
	folder = mkdtempSync(join(tmpdir(), 'mien-faults-'));
	const ffmpeg = inject('ffmpeg');
	if (ffmpeg !== null) film = new FilmMaker(ffmpeg, inject('clip'), folder).plain(1);
});
afterAll(async () => {
	await browser.close();
	rmSync(folder, { recursive: true });
});

interface Listed {
	id: string;
	labels: string[];
	input: { size: number; channels: number };
	biases?: number[];
	priorRatio?: Record<string, number[]>;
	metrics: Record<string, { perClass: unknown[] }>;
}

/** Answers with the list of models, the entry of its default changed. */
async function relist(route: Route, change: (entry: Listed) => void): Promise<void> {
	const index = JSON.parse(readFileSync('build/models/index.json', 'utf8')) as { default: string; models: Listed[] };
	const first = index.models.find(({ id }) => id === index.default);
	if (first !== undefined) change(first);
	await route.fulfill({ json: index });
}

/** Six labels, although the network gives seven. */
function dropLabel(entry: Listed): void {
	const six = <T>(values: T[]): T[] => values.slice(0, 6);
	entry.labels = six(entry.labels);
	if (entry.biases !== undefined) entry.biases = six(entry.biases);
	for (const [use, ratios] of Object.entries(entry.priorRatio ?? {})) (entry.priorRatio ?? {})[use] = six(ratios);
	for (const metrics of Object.values(entry.metrics)) metrics.perClass = six(metrics.perClass);
}

async function weights(route: Route, change: (bytes: Buffer) => Buffer): Promise<void> {
	const body = change(Buffer.from(await (await route.fetch()).body()));
	await route.fulfill({ body, contentType: 'application/octet-stream' });
}

interface Line {
	readonly origin: string;
	cut(): void;
	mend(): void;
	stop(): void;
}

/** A line to the site that stalls in the middle of what is `held`. Once cut, it carries nothing until it is mended. */
async function startLine(site: string, held: RegExp): Promise<Line> {
	let state: 'whole' | 'broken' | 'mended' = 'whole';
	const server = createServer((asked, answer) => {
		if (state === 'broken') {
			asked.socket.destroy();
			return;
		}
		const forward = askSite(site + (asked.url ?? '/'), { headers: asked.headers }, (response) => {
			answer.writeHead(response.statusCode ?? 502, response.headers);
			if (state !== 'whole' || !held.test(asked.url ?? '')) {
				response.pipe(answer);
				return;
			}
			response.once('data', (piece: Buffer) => {
				response.destroy();
				answer.write(piece.subarray(0, piece.length / 2));
			});
		});
		asked.pipe(forward);
	});
	await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
	return {
		origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		cut: () => {
			state = 'broken';
			server.closeAllConnections();
		},
		mend: () => (state = 'mended'),
		stop: () => {
			server.closeAllConnections();
			server.close();
		}
	};
}

interface Fault {
	readonly title: string;
	readonly code: ErrorCode;
	/** What is said besides the sentence of its code; must not match what is said of the fault before it. */
	readonly said: RegExp;
	/** Other pages than the first meet only faults that take different ways; the rest is found by the same code. */
	readonly isEverywhere?: true;
	readonly asked: string | RegExp;
	readonly answer: (route: Route) => Promise<void>;
}

const missing = (route: Route) => route.fulfill({ status: 404, body: 'Not found' });
const garbage = (route: Route) => route.fulfill({ body: '\u0000 no model, no list' });

/**
 * What goes wrong while the models load, in an order in which one page can meet all: a worker that was ready once is
 * restarted automatically, so faults that keep it from getting ready come first.
 */
const FAULTS: readonly Fault[] = [
	{
		title: 'a script that is not there',
		code: 'model-unreachable',
		said: /analysis script: it could not be loaded/,
		isEverywhere: true,
		asked: '**/workers/chunks/*.js',
		answer: missing
	},
	{
		title: 'a web page instead of the list',
		code: 'manifest-unreachable',
		said: /models\/index\.json: a web page/,
		isEverywhere: true,
		asked: MANIFEST,
		answer: (route) => route.fulfill(LOGIN)
	},
	{
		title: 'a list that is not there',
		code: 'manifest-unreachable',
		said: /models\/index\.json: status 404/,
		asked: MANIFEST,
		answer: missing
	},
	{
		title: 'a list of another kind',
		code: 'manifest-invalid',
		said: /schema/,
		asked: MANIFEST,
		answer: (route) => route.fulfill({ json: { models: 3 } })
	},
	{ title: 'a list that is not JSON', code: 'manifest-invalid', said: /JSON/, asked: MANIFEST, answer: garbage },
	{
		title: 'six labels instead of seven',
		code: 'manifest-invalid',
		said: /Expected 6 values/,
		asked: MANIFEST,
		answer: (route) => relist(route, dropLabel)
	},
	{
		title: 'an engine that does not load',
		code: 'model-unreachable',
		said: /tfjs-backend-wasm-.*\.wasm: it could not be loaded/,
		asked: '**/*.wasm',
		answer: (route) => route.abort('connectionreset')
	},
	{
		title: 'a detector that is not there',
		code: 'model-unreachable',
		said: /blazeface\/.*: status 404/,
		asked: DETECTOR,
		answer: missing
	},
	{
		title: 'garbage instead of the detector',
		code: 'model-invalid',
		said: /blazeface\/.*: not the file/,
		asked: DETECTOR,
		answer: garbage
	},
	{
		title: 'another input size',
		code: 'model-invalid',
		said: /\b64\b|\b48\b|shape/i,
		asked: MANIFEST,
		answer: (route) => relist(route, ({ input }) => (input.size = 64))
	},
	{
		title: 'colour instead of grey',
		code: 'model-invalid',
		said: /\b3\b|shape/i,
		asked: MANIFEST,
		answer: (route) => relist(route, ({ input }) => (input.channels = 3))
	},
	{
		title: 'weights that are cut off',
		code: 'model-invalid',
		said: /weights-.*\.bin: not the file/,
		isEverywhere: true,
		asked: WEIGHTS,
		answer: (route) => weights(route, (all) => all.subarray(0, 5000))
	},
	{
		title: 'weights that are not there',
		code: 'model-unreachable',
		said: /mien\/weights-.*\.bin: status 404/,
		isEverywhere: true,
		asked: WEIGHTS,
		answer: missing
	},
	{
		title: 'weights with one wrong bit',
		code: 'model-invalid',
		said: /weights-.*\.bin: not the file/,
		isEverywhere: true,
		asked: WEIGHTS,
		answer: (route) =>
			weights(route, (all) => {
				all[100] = (all[100] ?? 0) ^ 1;
				return all;
			})
	},
	{
		title: 'a web page instead of weights',
		code: 'model-unreachable',
		said: /weights-.*\.bin: a web page/,
		asked: WEIGHTS,
		answer: (route) => route.fulfill(LOGIN)
	},
	{
		title: 'weights on another host',
		code: 'model-unreachable',
		said: /weights-.*\.bin: it could not be loaded/,
		asked: WEIGHTS,
		answer: (route) => route.fulfill({ status: 302, headers: { Location: 'https://elsewhere.test/weights.bin' } })
	},
	{
		title: 'a network that is not there',
		code: 'model-unreachable',
		said: /mien\/model-.*\.json: status 404/,
		asked: NETWORK,
		answer: missing
	},
	{
		title: 'garbage instead of the network',
		code: 'model-invalid',
		said: /mien\/model-.*\.json: not the file/,
		asked: NETWORK,
		answer: garbage
	},
	{
		title: 'a line that breaks while weights load',
		code: 'model-unreachable',
		said: /weights-.*\.bin: it could not be loaded/,
		isEverywhere: true,
		asked: WEIGHTS,
		answer: (route) => route.abort('internetdisconnected')
	}
];

async function mend(context: BrowserContext): Promise<void> {
	await context.unrouteAll();
	await context.setOffline(false);
}

async function expectTold(page: Page, code: ErrorCode, said: RegExp): Promise<void> {
	// The notice of the previous try may still be there for a moment.
	await expect.poll(() => shownError(page, code)).toMatch(said);
	const text = await shownError(page, code);
	expect(text).toContain(EXPLANATIONS[code].sentence);
	expect(text).toContain(EXPLANATIONS[code].remedy);
}

/** Uses each page for what it is made for, and expects that to work. */
const WORK: Readonly<Record<string, (page: Page) => Promise<unknown>>> = {
	'/': async (page) => {
		await page.getByTestId('sample').click();
		await waitForStatus(page, 'done');
		expect(await shownFaces(page)).toHaveLength(1);
	},
	'/photo': async (page) => {
		await page.getByTestId('file-input').setInputFiles(await closeUp(200, 1));
		await waitForStatus(page, 'done');
		expect(await shownFaces(page)).toHaveLength(1);
	},
	'/film': async (page) => {
		await page.getByTestId('film-choose').waitFor();
		if (film === null) return;
		await page.getByTestId('film-input').setInputFiles(film);
		await page.getByTestId('film-start').click();
		await page.getByTestId('film-save-csv').waitFor();
	},
	'/compare': async (page) => {
		await page.getByTestId('measure').click();
		await page.locator('[data-testid=model-table] [data-part=speed]', { hasText: / ms/ }).first().waitFor();
	},
	'/compare/benchmark': async (page) => {
		await measureAlone(page, 'mien');
		await page.locator('[data-testid=bench-run][data-status=done]').waitFor();
	}
};

/** Starts a benchmark of this model on the drawn faces; the others would take minutes. */
async function measureAlone(page: Page, model: string): Promise<void> {
	await page.locator(`[data-testid=bench-model][data-model=${model}]`).waitFor();
	for (const box of await page.locator(`[data-testid=bench-model]:not([data-model=${model}])`).all())
		await box.uncheck();
	await page.getByTestId('choose-sample').click();
	await page.getByTestId('bench-start').click();
}

/** Has a context answer with this fault. */
function put(context: BrowserContext, { asked, answer }: Fault): Promise<unknown> {
	return context.route(asked, answer);
}

describe('while models load', () => {
	it.each(Object.entries(WORK))(
		'%s: each fault is explained, a retry meets the next one, and the page works once there is none',
		async (path, work) => {
			const [first, ...others] = FAULTS.filter(({ isEverywhere }) => path === '/' || isEverywhere);
			if (first === undefined) throw new Error('There is no fault');
			const { context, page } = await open(browser, path, { prepare: (prepared) => put(prepared, first) });
			const retry = page.getByTestId('retry');
			await expectTold(page, first.code, first.said);
			for (const fault of others) {
				// The fault is told before the button comes: what may load after all is tried three times.
				await retry.waitFor();
				await mend(context);
				await put(context, fault);
				await retry.click();
				await expectTold(page, fault.code, fault.said);
			}
			await retry.waitFor();
			await mend(context);
			await retry.click();
			await page.getByTestId('error').waitFor({ state: 'detached' });
			await work(page);
			await context.close();
		}
	);

	it('a network that goes away in the middle of the weights is explained, and a retry works once it is back', async () => {
		const line = await startLine(inject('origin'), WEIGHTS);
		const { context, page } = await open(browser, '/', { baseURL: line.origin });
		await page.getByTestId('loading').waitFor();
		await page.waitForFunction(() =>
			performance.getEntriesByType('resource').some(({ name }) => name.endsWith('.wasm'))
		);
		line.cut();
		await expectTold(page, 'model-unreachable', /mien\/weights-.*\.bin: it could not be loaded/);
		await page.getByTestId('retry').waitFor();
		// The network is still away.
		await page.getByTestId('retry').click();
		await expectTold(page, 'manifest-unreachable', /models\/index\.json: it could not be loaded/);
		line.mend();
		// The page tries three times by itself; the visitor retries if it has given up by now.
		const retry = page.getByTestId('retry');
		await retry.or(page.locator('main[data-status=idle]')).first().waitFor();
		if (await retry.isVisible()) await retry.click();
		await waitForStatus(page, 'idle');
		await WORK['/']?.(page);
		await context.close();
		line.stop();
	});

	it('a script that stalls on the line is explained, and a retry does not wait for it', async () => {
		const line = await startLine(inject('origin'), /\/workers\/chunks\//);
		const { context, page } = await open(browser, '/', {
			baseURL: line.origin,
			prepare: (prepared) => prepared.clock.install()
		});
		await page.locator('html[data-running]').waitFor();
		await context.clock.runFor(41_000);
		await expectTold(page, 'model-unreachable', /analysis script: nothing came for 40 s/);
		line.mend();
		await page.getByTestId('retry').click();
		await WORK['/']?.(page);
		await context.close();
		line.stop();
	});

	it.each(['/', '/film', '/kiosk/setup'])(
		'%s: scripts of the page that do not load are explained, and reloading the page helps',
		async (path) => {
			const { context, page } = await open(browser, path, {
				prepare: (prepared) =>
					prepared.route('**/_app/immutable/entry/app.*.js', (route) => route.abort('connectionreset'))
			});
			await page.getByText('A part of this page did not load.').waitFor();
			await mend(context);
			await page.getByRole('link', { name: 'reload the page' }).click();
			await page.locator('html[data-running]').waitFor();
			expect(await page.getByText('A part of this page did not load.').isVisible()).toBe(false);
			await context.close();
		}
	);

	it('a kiosk whose page did not load reloads itself', async () => {
		const { context, page } = await open(browser, KIOSK, {
			prepare: async (prepared) => {
				await prepared.clock.install();
				await prepared.route('**/_app/immutable/entry/app.*.js', (route) => route.abort('connectionreset'));
			}
		});
		await page.getByText('A part of this page did not load.').waitFor();
		await mend(context);
		await context.clock.fastForward(31_000);
		await page.locator('html[data-running]').waitFor();
		await context.close();
	});

	it('a notice that was dismissed comes back with the next picture, which is read after a retry', async () => {
		const { context, page } = await open(browser, '/photo', {
			prepare: (prepared) => prepared.route(WEIGHTS, (route) => route.fulfill({ status: 404, body: '' }))
		});
		await shownError(page, 'model-unreachable');
		await page.getByRole('button', { name: 'Dismiss' }).click();
		await page.getByTestId('error').waitFor({ state: 'detached' });
		await page.getByTestId('file-input').setInputFiles(await closeUp(200, 1));
		await shownError(page, 'model-unreachable');
		await page.getByText('Faces cannot be read; the message says why.').waitFor();
		await mend(context);
		await page.getByTestId('retry').click();
		await waitForStatus(page, 'done');
		expect(await shownFaces(page)).toHaveLength(1);
		await context.close();
	});

	it('figures that do not load are explained beside those that do, and a retry helps', async () => {
		const { context, page } = await open(browser, '/compare', {
			prepare: (prepared) => prepared.route('**/models/mien/report.json', (route) => route.fulfill({ status: 503 }))
		});
		const told = page.getByTestId('reports-error');
		await expect.poll(() => told.innerText()).toContain(EXPLANATIONS['report-unreachable'].sentence);
		await expect.poll(() => page.locator('[data-testid=accuracy-chart] [data-model=cnn]').count()).toBe(1);
		expect(await page.locator('[data-testid=accuracy-chart] [data-model=mien]').count()).toBe(0);
		await mend(context);
		await page.getByTestId('retry-reports').click();
		await page.locator('[data-testid=accuracy-chart] [data-model=mien]').waitFor();
		expect(await told.count()).toBe(0);
		await context.close();
	});

	it('a benchmark model that does not load is explained with its file, and starting again helps', async () => {
		const { context, page } = await open(browser, '/compare/benchmark', {
			prepare: (prepared) =>
				prepared.route(/\/models\/mien-large\/.*\.bin/, (route) => route.fulfill({ status: 404, body: '' }))
		});
		await measureAlone(page, 'mien-large');
		const told = page.getByTestId('bench-failure');
		await expect.poll(() => told.innerText()).toContain(EXPLANATIONS['model-unreachable'].sentence);
		await expect.poll(() => told.innerText()).toMatch(/mien-large\/.*\.bin: status 404/);
		await mend(context);
		await page.getByTestId('bench-start').click();
		await page.locator('[data-testid=bench-run][data-status=done]').waitFor();
		await context.close();
	});

	it.each(FAULTS.filter(({ title }) => title === 'a script that is not there'))(
		'$title: a kiosk tells whoever touches it ($code), and runs by itself once that is over',
		async (fault) => {
			const { context, page } = await open(browser, KIOSK, { prepare: (prepared) => put(prepared, fault) });
			const told = () => readTrouble(page);
			await expect.poll(told).toContain(EXPLANATIONS[fault.code].sentence);
			await expect.poll(told).toMatch(fault.said);
			await mend(context);
			await page.locator('[data-testid=kiosk][data-state=running]').waitFor();
			await waitForResults(page, 3);
			await context.close();
		}
	);
});

describe('a live camera goes on after', () => {
	async function startCamera(page: Page): Promise<void> {
		await waitForStatus(page, 'idle');
		await page.getByTestId('start-camera').click();
		await page.locator('main[data-faces="1"]').waitFor();
	}

	async function expectGoesOn(page: Page): Promise<void> {
		await waitForResults(page, (await page.evaluate(() => window.recordedResults.length)) + 5);
		await waitForStatus(page, 'running');
		await page.locator('main[data-faces="1"]').waitFor();
	}

	it('its page was hidden, frozen and shown again', async () => {
		const { context, page } = await open(browser, '/');
		await startCamera(page);
		await freeze(page, 10_000);
		await expectGoesOn(page);
		await context.close();
	});

	it('the graphics card that analyses it was lost', async () => {
		const own = await openBrowser({ camera: 'clip' });
		const { page } = await open(own, '/', { backend: 'webgl' });
		await startCamera(page);
		const client = await own.newBrowserCDPSession();
		await client.send('Browser.crashGpuProcess');
		await expectGoesOn(page);
		await own.close();
	});
});

describe('two tabs', () => {
	it('share a camera, and one goes on when the other is closed', async () => {
		const { context, page } = await open(browser, '/');
		const other = await context.newPage();
		await other.goto('/');
		for (const each of [page, other]) {
			await each.bringToFront();
			await waitForStatus(each, 'idle');
			await each.getByTestId('start-camera').click();
			await waitForStatus(each, 'running');
			await each.locator('main[data-faces="1"]').waitFor();
		}
		await other.close();
		await page.bringToFront();
		await waitForResults(page, (await page.evaluate(() => window.recordedResults.length)) + 5);
		await waitForStatus(page, 'running');
		await context.close();
	});
});

describe('browser storage', () => {
	const STORES: readonly (readonly [string, () => void])[] = [
		[
			'that is blocked',
			() => {
				const get = () => {
					throw new DOMException('blocked', 'SecurityError');
				};
				for (const store of ['localStorage', 'sessionStorage', 'indexedDB', 'caches'])
					Object.defineProperty(window, store, { get });
			}
		],
		[
			'that is full',
			() => {
				const full = () => {
					throw new DOMException('full', 'QuotaExceededError');
				};
				Storage.prototype.setItem = full;
				IDBObjectStore.prototype.put = full;
				IDBObjectStore.prototype.add = full;
			}
		],
		[
			'that cannot be opened',
			() => {
				IDBFactory.prototype.open = () => {
					throw new DOMException('A mutation operation was attempted on a database', 'InvalidStateError');
				};
			}
		],
		[
			'that holds damaged values',
			() => {
				const settings = { theme: 7, modelId: {}, smoothingMs: 'x', maxFaces: -5, minConfidence: null, prior: 9 };
				localStorage.setItem('mien.settings', JSON.stringify(settings));
				for (const key of ['mien.kiosk', 'mien.codes', 'mien.expressions']) localStorage.setItem(key, '{"cut off');
			}
		]
	];
	const PAGES = ['/', '/photo', '/film', '/compare', '/compare/benchmark', '/kiosk/setup', '/kiosk/log'];

	it.each(STORES)('%s keeps no page from opening or reading', async (_, prepare) => {
		const { context, page, problems } = await open(browser, '/', {
			prepare: (prepared) => prepared.addInitScript(prepare)
		});
		await waitForStatus(page, 'idle');
		await WORK['/']?.(page);
		await page.goto('/photo');
		await waitForStatus(page, 'idle');
		await WORK['/photo']?.(page);
		for (const path of PAGES.slice(2)) {
			await page.goto(path);
			await page.locator('main h1, main h2').first().waitFor();
			await page.waitForTimeout(500);
		}
		await page.goto('/kiosk?source=camera');
		await page.locator('[data-testid=kiosk][data-state=running]').waitFor();
		expect(problems).toEqual([]);
		await context.close();
	});
});

describe('a clock', () => {
	/** Moves the page's clock, as when a computer that was set wrong fetches the time. */
	const jump = (page: Page, hours: number) =>
		page.evaluate((ms) => {
			const now = Date.now.bind(Date);
			Date.now = () => now() + ms;
		}, hours * 3.6e6);

	it('that jumps back and forth does not end a live camera or lose its face', async () => {
		const { context, page, problems } = await open(browser, '/');
		await waitForStatus(page, 'idle');
		await page.getByTestId('start-camera').click();
		await waitForResults(page, 5);
		for (const hours of [5, -12, 7]) {
			await jump(page, hours);
			await waitForResults(page, (await page.evaluate(() => window.recordedResults.length)) + 5);
			await waitForStatus(page, 'running');
		}
		expect(await shownFaces(page)).toHaveLength(1);
		expect(problems).toEqual([]);
		await context.close();
	});

	it('that jumps back and forth leaves a kiosk running, with each minute in its log once', async () => {
		const { context, page, problems } = await open(browser, KIOSK.replace('log=no', 'log=yes'));
		const runs = async () => {
			await page.locator('[data-testid=kiosk][data-state=running]').waitFor();
			await waitForResults(page, (await page.evaluate(() => window.recordedResults.length)) + 5);
		};
		await runs();
		for (const hours of [3, -6, 3]) {
			await jump(page, hours);
			await runs();
		}
		await page.goto('/kiosk/log');
		const log = page.getByTestId('kiosk-log');
		await log.and(page.locator(':not([data-minutes="0"])')).waitFor();
		expect(Number(await log.getAttribute('data-minutes'))).toBeLessThanOrEqual(8);
		expect(problems).toEqual([]);
		await context.close();
	});
});
