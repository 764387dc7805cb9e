/** Opens pages of the site in browsers other than Chromium, by the protocols that they support: BiDi and WebDriver. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import puppeteer from 'puppeteer-core';
import { freePort } from '../programs';

export interface Driver {
	readonly title: string;
	open(url: string): Promise<void>;
	/** Evaluates an expression in the page, and awaits it if it is a promise; JSON only. */
	evaluate(expression: string): Promise<unknown>;
	/** Gives files of this machine to an input. */
	chooseFiles(selector: string, paths: readonly string[]): Promise<void>;
	stop(): Promise<void>;
}

/** Firefox by WebDriver BiDi, with a camera that plays a test card. */
export async function startFirefox(executablePath: string): Promise<Driver> {
	const browser = await puppeteer.launch({
		browser: 'firefox',
		executablePath,
		headless: true,
		extraPrefsFirefox: {
			'media.navigator.streams.fake': true,
			'media.navigator.permission.disabled': true,
			'media.autoplay.default': 0,
			// For machines without a GPU.
			'layers.acceleration.disabled': true
		}
	});
	const page = await browser.newPage();
	page.setDefaultTimeout(120_000);
	return {
		title: await browser.version(),
		open: async (url) => {
			await page.goto(url, { waitUntil: 'domcontentloaded' });
		},
		evaluate: (expression) => page.evaluate(expression),
		chooseFiles: async (selector, paths) => {
			const input = (await page.$(selector)) as Awaited<ReturnType<typeof page.$<'input'>>>;
			if (input === null) throw new Error(`There is no ${selector}`);
			await input.uploadFile(...paths);
		},
		stop: () => browser.close()
	};
}

/** WebKitGTK by WebDriver. `xvfb`: the program for a display of its own; null if there is a display already. */
export async function startWebKit(driver: string, miniBrowser: string, xvfb: string | null): Promise<Driver> {
	const children: ChildProcess[] = [];
	const env: NodeJS.ProcessEnv = { ...process.env, WEBKIT_DISABLE_DMABUF_RENDERER: '1', LIBGL_ALWAYS_SOFTWARE: '1' };
	if (xvfb !== null) {
		const display = `:${90 + (process.pid % 9)}`;
		children.push(spawn(xvfb, [display, '-screen', '0', '1280x900x24'], { stdio: 'ignore' }));
		env['DISPLAY'] = display;
	}
	const port = await freePort();
	children.push(spawn(driver, [`--port=${port}`], { stdio: 'ignore', env }));
	const base = `http://127.0.0.1:${port}`;
	const send = async (method: string, path: string, body?: object): Promise<unknown> => {
		const answer = await fetch(base + path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
		const { value } = (await answer.json()) as { value: unknown };
		if (!answer.ok) throw new Error(`${method} ${path}: ${JSON.stringify(value)}`);
		return value;
	};
	const stop = () => {
		for (const child of children) child.kill();
	};
	try {
		for (let tries = 0; ; tries++) {
			const isUp = await fetch(`${base}/status`).then(
				({ ok }) => ok,
				() => false
			);
			if (isUp) break;
			if (tries > 100) throw new Error(`${driver} does not answer`);
			await new Promise((resolve) => setTimeout(resolve, 100));
		}
		const options = { binary: miniBrowser, args: ['--automation', '--autoplay-policy=allow'] };
		const wanted = {
			alwaysMatch: { 'webkitgtk:browserOptions': options, timeouts: { script: 120_000, pageLoad: 120_000 } }
		};
		const { sessionId, capabilities } = (await send('POST', '/session', { capabilities: wanted })) as {
			sessionId: string;
			capabilities: { browserName: string; browserVersion: string };
		};
		const session = `/session/${sessionId}`;
		return {
			title: `${capabilities.browserName} ${capabilities.browserVersion}`,
			open: async (url) => {
				await send('POST', `${session}/url`, { url });
			},
			evaluate: (expression) =>
				send('POST', `${session}/execute/async`, {
					script: `const done = arguments[arguments.length - 1];
						Promise.resolve().then(() => (${expression})).then(done, (error) => done({ thrown: String(error) }));`,
					args: []
				}),
			chooseFiles: async (selector, paths) => {
				const found = (await send('POST', `${session}/element`, { using: 'css selector', value: selector })) as Record<
					string,
					string
				>;
				const [element = ''] = Object.values(found);
				await send('POST', `${session}/element/${element}/value`, { text: paths.join('\n') });
			},
			stop: async () => {
				await send('DELETE', session).catch(() => undefined);
				stop();
			}
		};
	} catch (error) {
		stop();
		throw error;
	}
}

/** The first of these files that exists. */
export function firstFile(paths: readonly string[]): string | null {
	return paths.find((path) => existsSync(path)) ?? null;
}
