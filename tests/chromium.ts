/** Finds or installs a Chromium for the browser tests, and holds its arguments. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

/** Chromium calls home at every start unless told not to. */
export const QUIET_ARGS = [
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
	'--no-first-run'
];

const COMMANDS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

const FILES = [
	'/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
	'/Applications/Chromium.app/Contents/MacOS/Chromium',
	...[process.env['PROGRAMFILES'], process.env['PROGRAMFILES(X86)'], process.env['LOCALAPPDATA']]
		.filter((folder) => folder !== undefined)
		.map((folder) => `${folder}\\Google\\Chrome\\Application\\chrome.exe`)
];

const REMEDY =
	'No Chromium was found and none could be installed. Install Chromium or Chrome, or name one in MIEN_CHROMIUM.';

function isOnPath(command: string): boolean {
	return process.platform !== 'win32' && spawnSync('which', [command], { stdio: 'ignore' }).status === 0;
}

function find(): string | undefined {
	const downloaded = chromium.executablePath();
	return (
		COMMANDS.filter(isOnPath).map((command) => execFileSync('which', [command], { encoding: 'utf8' }).trim())[0] ??
		[...FILES, downloaded].find(existsSync)
	);
}

function install(): void {
	const attempts = ['npx playwright-core install chromium'];
	if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
		attempts.unshift('apt-get update -q && apt-get install -y -q --no-install-recommends chromium');
	}
	for (const attempt of attempts) {
		console.log(`No Chromium found; installing one: ${attempt}`);
		const { status } = spawnSync(attempt, {
			shell: true,
			stdio: ['ignore', 'inherit', 'inherit'],
			env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
		});
		if (status === 0 && find() !== undefined) return;
	}
}

/**
 * Path of a Chromium: MIEN_CHROMIUM, the system's Chromium or Chrome, one that Playwright downloaded, or one installed
 * now. Throws with a remedy if there is none.
 */
export function provideChromium(): string {
	const named = process.env['MIEN_CHROMIUM'];
	if (named !== undefined && named !== '') {
		if (existsSync(named)) return named;
		throw new Error(`MIEN_CHROMIUM names ${named}, which does not exist.`);
	}
	if (find() === undefined) install();
	const found = find();
	if (found === undefined) throw new Error(REMEDY);
	return found;
}
