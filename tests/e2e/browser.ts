/** Starts Chromium and opens pages of the site, keeping what went wrong in them. */
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { inject } from 'vitest';

/** Chromium calls home at every start unless told not to. */
const QUIET = ['--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'];
const FAKE_CAMERA = ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'];
const SOFTWARE_WEBGPU = [
	'--enable-unsafe-webgpu',
	'--enable-features=Vulkan',
	'--use-vulkan=swiftshader',
	'--use-webgpu-adapter=swiftshader'
];

/** `camera`: 'clip' plays the moving face; 'none' has no device at all. */
export function openBrowser(options: { camera?: 'clip' | 'none'; webgpu?: boolean } = {}): Promise<Browser> {
	const { camera = 'none', webgpu = false } = options;
	return chromium.launch({
		executablePath: inject('chromium'),
		args: [
			...QUIET,
			...(camera === 'clip' ? [...FAKE_CAMERA, `--use-file-for-fake-video-capture=${inject('clip')}`] : []),
			...(webgpu ? SOFTWARE_WEBGPU : [])
		]
	});
}

export interface Opened {
	readonly context: BrowserContext;
	readonly page: Page;
	/** Uncaught errors and errors of the console, violations of the security policy among them. */
	readonly problems: string[];
}

/** A fresh profile, with the page of this path open in it unless `path` is null. */
export async function open(
	browser: Browser,
	path: string | null,
	options: Parameters<Browser['newContext']>[0] = {}
): Promise<Opened> {
	const context = await browser.newContext({ baseURL: inject('origin'), ...options });
	const page = await context.newPage();
	const problems: string[] = [];
	page.on('pageerror', (error) => problems.push(error.message));
	page.on('console', (message) => {
		if (message.type() === 'error') problems.push(message.text());
	});
	if (path !== null) await page.goto(path);
	return { context, page, problems };
}
