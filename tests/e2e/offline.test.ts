/** The site without a network, new versions of it, and the site as other servers serve it. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { serveSite, type Site } from '../server';
import { open, openBrowser, shownFaces, waitForStatus } from './browser';
import { command, expectWorks } from './kiosk';
import { EMPTY, portrait } from './pictures';

let browser: Browser;
/** A copy of the build, which these tests change. */
let folder: string;
let site: Site;

beforeAll(async () => {
	browser = await openBrowser();
	folder = mkdtempSync(join(tmpdir(), 'mien-offline-'));
	cpSync('build', join(folder, 'build'), { recursive: true });
	cpSync('package.json', join(folder, 'package.json'));
	site = await serveSite([`--proxy=/streams=${inject('streams')}`], folder);
});
afterAll(async () => {
	await browser.close();
	site.stop();
	rmSync(folder, { recursive: true, force: true });
});

declare global {
	interface Window {
		aheadMs?: number;
	}
}

const options = () => ({ baseURL: site.origin, serviceWorkers: 'allow' }) as const;

/** Waits until the whole site is kept for use without a network. */
async function waitUntilKept(page: Page): Promise<void> {
	await page.waitForFunction(() => navigator.serviceWorker.controller?.state === 'activated');
}

/** Reads a picture on the photo page, and gives the label of the face in it. */
async function readPhoto(page: Page): Promise<string | undefined> {
	await page.getByTestId('file-input').setInputFiles(await portrait());
	await waitForStatus(page, 'done');
	return (await shownFaces(page))[0]?.label;
}

/** Makes the served build another version: changes the files that name the version, and no others. */
function publish(version: string): void {
	const old = (JSON.parse(readFileSync(join(folder, 'build/_app/version.json'), 'utf8')) as { version: string })
		.version;
	for (const name of ['_app/version.json', 'offline.json', 'service-worker.js']) {
		const file = join(folder, 'build', name);
		writeFileSync(file, readFileSync(file, 'utf8').replaceAll(old, version));
		for (const extension of ['.br', '.gz']) rmSync(file + extension, { force: true });
	}
}

/** Asks for a new version, as the page does every hour. */
async function checkForUpdate(page: Page): Promise<void> {
	await page.evaluate(async () => {
		await (await navigator.serviceWorker.ready).update();
	});
}

describe('the service worker', () => {
	it('opens the site and reads a picture without a network, as isolated as with one', async () => {
		const { context, page, problems } = await open(browser, '/', options());
		await waitUntilKept(page);
		await context.setOffline(true);
		await page.reload();
		await waitForStatus(page, 'idle');
		await page.goto('/photo');
		expect(await readPhoto(page)).toBe('happy');
		expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
		await page.getByTestId('stop').click();
		await page.getByTestId('sample').click();
		await waitForStatus(page, 'done');
		await page.goto('/compare');
		await page.getByTestId('accuracy-chart').getByText('%').first().waitFor();
		expect(problems).toEqual([]);
		await context.close();
	});

	it('offers a new version, leaves the page as it is, and opens the new version when it is accepted', async () => {
		const { context, page } = await open(browser, '/', options());
		await waitUntilKept(page);
		await page.evaluate(() => (document.title = 'running'));
		// The weights of a chosen model, which have another name in the next version.
		const models = join(folder, 'build/models/mien-large');
		const before = readdirSync(models).find((name) => name.endsWith('.bin')) ?? '';
		const after = before.replace(/[0-9a-f]{12}/, '0123456789ab');
		await page.evaluate(async (url) => (await fetch(url)).arrayBuffer(), `/models/mien-large/${before}`);
		// A version that cannot be loaded completely is not installed.
		const missing = join(folder, 'build/favicon.svg');
		renameSync(missing, `${missing}.away`);
		publish('9000000000001');
		await checkForUpdate(page).catch(() => undefined);
		await expect.poll(() => page.evaluate(async () => (await navigator.serviceWorker.ready).installing)).toBeNull();
		expect(await page.evaluate(async () => (await navigator.serviceWorker.ready).waiting)).toBeNull();
		expect(await page.evaluate(() => caches.keys())).toHaveLength(1);
		expect(await page.getByTestId('update').count()).toBe(0);
		renameSync(`${missing}.away`, missing);

		publish('9000000000002');
		renameSync(join(models, before), join(models, after));
		const list = join(folder, 'build/offline.json');
		writeFileSync(list, readFileSync(list, 'utf8').replace(before, after));
		await checkForUpdate(page);
		await page.getByTestId('update').waitFor();
		expect(await page.title()).toBe('running');
		await page.getByTestId('take-update').click();
		await page.waitForFunction(() => document.title !== 'running' && document.title !== '');
		await expect.poll(() => page.evaluate(() => caches.keys())).toEqual(['mien-9000000000002']);
		const isKept = (name: string) =>
			page.evaluate(async (url) => (await caches.match(url)) !== undefined, `/models/mien-large/${name}`);
		expect([await isKept(before), await isKept(after)]).toEqual([false, true]);
		expect(await page.getByTestId('update').count()).toBe(0);
		await context.close();
	});

	it('is not replaced by a new version before the browser has asked about unsaved pictures', async () => {
		const { context, page } = await open(browser, '/photo', options());
		await waitUntilKept(page);
		const kept = await page.evaluate(() => caches.keys());
		await page.getByTestId('file-input').setInputFiles(Array.from({ length: 10 }, () => EMPTY));
		publish('9000000000003');
		await checkForUpdate(page);
		let questions = 0;
		page.on('dialog', (dialog) => {
			questions++;
			void dialog.dismiss();
		});
		await page.getByTestId('take-update').click();
		await expect.poll(() => questions).toBe(1);
		expect(await page.evaluate(() => caches.keys())).toEqual([...kept, 'mien-9000000000003']);
		expect(await page.getByTestId('picture').count()).toBe(10);
		await page.getByTestId('stop').click();
		await page.getByTestId('take-update').click();
		await expect.poll(() => page.evaluate(() => caches.keys()).catch(() => [])).toEqual(['mien-9000000000003']);
		expect(questions).toBe(1);
		await context.close();
	});

	it('updates a kiosk once nobody has been in view for a minute, and not before', async () => {
		const { context, page } = await open(browser, '/kiosk?source=mjpeg:/streams/update/mjpeg&log=no', {
			...options(),
			prepare: (prepared) =>
				prepared.addInitScript(() => {
					// The page's clock, which the test puts forward once nobody is in view any more.
					const now = performance.now.bind(performance);
					performance.now = () => now() + (window.aheadMs ?? 0);
				})
		});
		await expectWorks(page);
		await waitUntilKept(page);
		await page.evaluate(() => (document.title = 'running'));
		publish('9000000000004');
		await checkForUpdate(page);
		await expect
			.poll(() => page.evaluate(async () => (await navigator.serviceWorker.ready).waiting?.state))
			.toBe('installed');
		await page.locator('[data-testid=kiosk][data-faces="1"]').waitFor();
		await expectWorks(page);
		expect(await page.title()).toBe('running');

		await command('update', 'set/cut');
		await page.locator('[data-testid=kiosk][data-state=retrying]').waitFor();
		await page.evaluate(() => (window.aheadMs = 120_000));
		await page.waitForFunction(() => document.title !== 'running' && document.title !== '');
		await expect.poll(() => page.evaluate(() => caches.keys())).toEqual(['mien-9000000000004']);
		await command('update', 'set/ok');
		await expectWorks(page);
		await context.close();
	});
});

it('the manifest makes the site installable', async () => {
	const { context, page, problems } = await open(browser, '/');
	const client = await context.newCDPSession(page);
	const { errors, url } = await client.send('Page.getAppManifest');
	expect([url, errors]).toEqual([expect.stringContaining('/manifest.webmanifest'), []]);
	const { installabilityErrors } = await client.send('Page.getInstallabilityErrors');
	// A fresh profile of a test is like a private window.
	expect(installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== 'in-incognito')).toEqual([]);
	expect(problems).toEqual([]);
	await context.close();
});

describe('another server', () => {
	const TYPES: Readonly<Record<string, string>> = {
		'.html': 'text/html',
		'.js': 'text/javascript',
		'.css': 'text/css',
		'.json': 'application/json',
		'.wasm': 'application/wasm',
		'.svg': 'image/svg+xml',
		'.webmanifest': 'application/manifest+json'
	};
	let plain: Server;
	beforeAll(async () => {
		// Like static hosts: files below a path, ".html" left out, and no headers but the type.
		plain = createServer((request, response) => {
			const name = new URL(request.url ?? '/', 'http://host').pathname.replace(/^\/mien\//, '');
			for (const file of [name, `${name}.html`, join(name, 'index.html')]) {
				try {
					const bytes = readFileSync(join('build', file));
					response.setHeader('Content-Type', TYPES[extname(file)] ?? 'application/octet-stream').end(bytes);
					return;
				} catch {
					// The next one may exist.
				}
			}
			response.writeHead(404, { 'Content-Type': 'text/html' }).end(readFileSync('build/404.html'));
		});
		await new Promise<void>((listening) => plain.listen(0, '127.0.0.1', listening));
	});
	afterAll(() => plain.close());

	it('without special headers, below a path, serves a site that reads pictures with one thread', async () => {
		const { port } = plain.address() as AddressInfo;
		const { context, page, problems } = await open(browser, '/mien/photo', {
			baseURL: `http://127.0.0.1:${port}`,
			serviceWorkers: 'allow'
		});
		expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
		expect(await readPhoto(page)).toBe('happy');
		await waitUntilKept(page);
		expect(new URL(await page.evaluate(() => navigator.serviceWorker.controller?.scriptURL ?? '')).pathname).toBe(
			'/mien/service-worker.js'
		);
		expect(problems).toEqual([]);
		await context.close();
	});
});

describe('the licence notices', () => {
	/** Packages that a module imports, without the paths in them. */
	const packagesIn = (file: string): string[] =>
		[...readFileSync(file, 'utf8').matchAll(/(?:from |^\t?import |import\()'([@a-z][\w@./-]*)'/gm)].map(
			([, name = '']) => /^(@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? ''
		);

	it('hold the licence of each package that a page or worker imports, and of the models', () => {
		const text = readFileSync('build/notices.txt', 'utf8');
		const modules = readdirSync('src', { recursive: true, encoding: 'utf8' })
			.filter((file) => /\.(ts|svelte)$/.test(file) && !/^(bundle|server|service-worker)[/\\]|\.d\.ts$/.test(file))
			.map((file) => join('src', file));
		const names = new Set(modules.flatMap(packagesIn));
		expect(names.size).toBeGreaterThan(8);
		const missing = [...names].filter(
			(name) => !new RegExp(`^${name.replace('.', '\\.')} \\d+\\.\\d+`, 'm').test(text)
		);
		expect(missing).toEqual([]);
		// These come inside the single file of mqtt, and from the models' folders.
		for (const part of ['mqtt-packet', 'readable-stream', 'Apache License', 'models/blazeface', 'MIT License']) {
			expect(text).toContain(part);
		}
	});

	it('are linked from the foot of the page', async () => {
		const { context, page } = await open(browser, '/');
		const href = await page.locator('footer a').getAttribute('href');
		expect((await page.request.get(href ?? '')).status()).toBe(200);
		await context.close();
	});
});
