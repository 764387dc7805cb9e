/** Starts Chromium and opens pages of the site, recording what goes wrong in them. */
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { expect, inject } from 'vitest';
import type { FrameResult } from '../../src/lib/core/types';
import type { BackendName } from '../../src/lib/protocol';
import { QUIET_ARGS } from '../chromium';

/** Ends what hangs; a busy machine may take ten times as long as an idle one. */
const LIMIT_MS = 120_000;

const CAMERAS = {
	/** Plays the moving face, or another clip. */
	clip: (clip = inject('clip')) => [
		'--use-fake-ui-for-media-stream',
		'--use-fake-device-for-media-stream',
		`--use-file-for-fake-video-capture=${clip}`
	],
	/** Two cameras that play a test card: no face, but a choice. */
	two: () => ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream=device-count=2'],
	/** There is a camera, and the visitor says no. */
	denied: () => ['--use-fake-ui-for-media-stream=deny', '--use-fake-device-for-media-stream'],
	/** Even if the machine has a camera. */
	none: () => ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream=device-count=0']
};

const SOFTWARE_WEBGPU = [
	'--enable-unsafe-webgpu',
	'--enable-features=Vulkan',
	'--use-vulkan=swiftshader',
	'--use-webgpu-adapter=swiftshader'
];

/** Lets pages on one machine find each other without multicast, which a container may lack. */
const PLAIN_WEBRTC = ['--disable-features=WebRtcHideLocalIpsWithMdns'];

export function openBrowser({
	camera = 'none',
	clip,
	webgpu = false,
	webrtc = false
}: BrowserOptions = {}): Promise<Browser> {
	return chromium.launch({
		executablePath: inject('chromium'),
		args: [...QUIET_ARGS, ...CAMERAS[camera](clip), ...(webgpu ? SOFTWARE_WEBGPU : []), ...(webrtc ? PLAIN_WEBRTC : [])]
	});
}

interface BrowserOptions {
	readonly camera?: keyof typeof CAMERAS;
	/** Path of the file that the camera `clip` plays. */
	readonly clip?: string;
	readonly webgpu?: boolean;
	readonly webrtc?: boolean;
}

declare global {
	interface Window {
		/** Every result that the worker sent, oldest first. */
		recordedResults: FrameResult[];
		/** When the first of them came, in milliseconds since the navigation. */
		firstResultMs: number | undefined;
		/** Every camera track that was opened. */
		recordedTracks: MediaStreamTrack[];
	}
}

/** Runs in the page before its own scripts. With `backend`, the worker is told to use that one. */
function record(backend: BackendName | null): void {
	window.recordedResults = [];
	window.recordedTracks = [];
	const NativeWorker = window.Worker;
	window.Worker = class extends NativeWorker {
		constructor(url: string | URL, options?: WorkerOptions) {
			super(url, options);
			this.addEventListener('message', ({ data }: MessageEvent<{ type: string; result: FrameResult }>) => {
				if (data.type !== 'result') return;
				window.firstResultMs ??= performance.now();
				window.recordedResults.push(data.result);
			});
		}
		override postMessage(message: { type: string }, transfer?: StructuredSerializeOptions | Transferable[]): void {
			const forced = backend !== null && message.type === 'start' ? { ...message, backend } : message;
			super.postMessage(forced, transfer as Transferable[]);
		}
	};
	// Pages of insecure origins have no mediaDevices, whatever the types say.
	const devices = navigator.mediaDevices as MediaDevices | undefined;
	if (devices === undefined) return;
	const open = devices.getUserMedia.bind(devices);
	devices.getUserMedia = async (constraints) => {
		const stream = await open(constraints);
		window.recordedTracks.push(...stream.getTracks());
		return stream;
	};
}

export interface Opened {
	readonly context: BrowserContext;
	readonly page: Page;
	/** Uncaught errors and console errors, including violations of the security policy. */
	readonly problems: string[];
}

type ContextOptions = NonNullable<Parameters<Browser['newContext']>[0]> & {
	/** Forced on the worker instead of its own choice. */
	readonly backend?: BackendName;
	/** Done before the page is opened. */
	readonly prepare?: (context: BrowserContext) => Promise<unknown>;
};

/** A page of the site in a fresh profile. */
export async function open(browser: Browser, path: string, options: ContextOptions = {}): Promise<Opened> {
	const { backend, prepare, ...contextOptions } = options;
	const context = await browser.newContext({
		baseURL: inject('origin'),
		// A service worker would answer a page's requests, past the routes that a test sets.
		serviceWorkers: 'block',
		...contextOptions
	});
	context.setDefaultTimeout(LIMIT_MS);
	await context.addInitScript(record, backend ?? null);
	await prepare?.(context);
	const page = await context.newPage();
	const problems: string[] = [];
	page.on('pageerror', (error) => problems.push(error.message));
	page.on('console', (message) => {
		if (message.type() === 'error') problems.push(message.text());
	});
	await page.goto(path);
	return { context, page, problems };
}

/** The test id of what has the focus. */
export function focusedTestId(page: Page): Promise<string | undefined> {
	return page.evaluate(() => (document.activeElement as HTMLElement).dataset['testid']);
}

/** Opens the settings, which are closed at first. */
export async function openSettings(page: Page): Promise<void> {
	const settings = page.getByTestId('settings');
	if ((await settings.getAttribute('open')) === null) await settings.locator('summary').click();
}

/** Picks an export from a page's menu. */
export async function chooseExport(page: Page, id: string): Promise<void> {
	await page.getByTestId('export').locator('summary').click();
	await page.getByTestId(id).click();
}

/** Opens the export menu, and expects it to stay within the sides of the screen. */
export async function expectExportsInView(page: Page): Promise<void> {
	const menu = page.getByTestId('export');
	await menu.locator('summary').click();
	const { x = NaN, width = NaN } = (await menu.locator('ul').boundingBox()) ?? {};
	expect(x).toBeGreaterThanOrEqual(0);
	expect(x + width).toBeLessThanOrEqual(page.viewportSize()?.width ?? 0);
	await page.keyboard.press('Escape');
}

export interface ShownFace {
	readonly id: string;
	readonly label: string;
	/** Probability by label. */
	readonly bars: Readonly<Record<string, number>>;
}

/** The faces that the page shows. */
export function shownFaces(page: Page): Promise<ShownFace[]> {
	return page.getByTestId('face-card').evaluateAll((cards) =>
		cards.map((card) => {
			const label = card.querySelector<HTMLElement>('[data-testid=face-label]');
			const bars = [...card.querySelectorAll<HTMLElement>('[data-testid=bar]')];
			return {
				id: label?.dataset['faceId'] ?? '',
				label: label?.dataset['label'] ?? '',
				bars: Object.fromEntries(bars.map(({ dataset }) => [dataset['label'] ?? '', Number(dataset['value'] ?? 'NaN')]))
			};
		})
	);
}

/** Freezes a page for a while, as browsers do with hidden ones. */
export async function freeze(page: Page, ms: number): Promise<void> {
	const client = await page.context().newCDPSession(page);
	await client.send('Page.setWebLifecycleState', { state: 'frozen' });
	await new Promise((resolve) => setTimeout(resolve, ms));
	await client.send('Page.setWebLifecycleState', { state: 'active' });
}

/** Waits until the page's status is this one (a kind of Status in src/lib/state/status.ts). */
export async function waitForStatus(page: Page, status: string, timeoutMs = LIMIT_MS): Promise<void> {
	await page.locator(`main[data-status="${status}"]`).waitFor({ timeout: timeoutMs });
}

/** Waits for the page's sentence for this error, and gives its text. */
export async function shownError(page: Page, code: string): Promise<string> {
	const notice = page.locator(`[data-testid=error][data-code="${code}"]`);
	await notice.waitFor();
	return notice.innerText();
}

/** Waits until the worker has sent this many results since the page was opened, at one a second or more. */
export async function waitForResults(page: Page, count: number): Promise<void> {
	const timeout = LIMIT_MS + 1000 * count;
	// Not in every animation frame, as Playwright does by default: that would load the page under test.
	const options = { timeout, polling: 250 };
	await page.waitForFunction((wanted) => window.recordedResults.length >= wanted, count, options);
}

/**
 * Live tensors in the worker, which answers between two steps of its task. The smallest of several counts, because what
 * a frame in progress holds (on WebGL also one that just ended) is no leak.
 */
export async function countTensors(page: Page): Promise<number> {
	let least = Infinity;
	for (let count = 0; count < 6; count++) {
		const { tensors } = await page.evaluate(() =>
			(window as unknown as { mien: { stats: () => Promise<{ tensors: number }> } }).mien.stats()
		);
		least = Math.min(least, tensors);
		await page.waitForTimeout(100);
	}
	return least;
}
