/**
 * `npm run bench`: the built site in Chromium; `npm run bench -- server`: memory and speed of the site's server;
 * `npm run bench -- training [BACK END...]`: the trainer;
 * `npm run bench -- far [--video FOLDER]`: how far faces are found;
 * `npm run bench -- saliency --data FILE`: how faithful saliency maps are;
 * `npm run bench -- peers`: beside human and face-api;
 * `npm run bench -- equality --data FILE`: the page's accuracy against Node's;
 * `npm run bench -- false --without FOLDER [--with FOLDER]`: pictures without people in which a face is reported;
 * `npm run bench -- photos`: the photo page's speed through a folder (after `npm run build`);
 * `npm run bench -- film [SECONDS]`: how fast the film page reads a recording (after `npm run build`);
 * `npm run bench -- kiosk [--seconds N]`: several cameras on one screen (after `npm run build`).
 */
import { spawnSync } from 'node:child_process';
import process from 'node:process';

const [what, ...rest] = process.argv.slice(2);
const BUILD = ['vite', 'build', '--logLevel', 'warn'];
const SCRIPTS = ['server', 'training', 'far', 'saliency', 'equality', 'false', 'photos', 'film', 'kiosk', 'peers'];
const commands =
	what !== undefined && SCRIPTS.includes(what)
		? [...(what === 'peers' ? [BUILD] : []), ['node', '--import', 'tsx', `tests/bench/${what}.ts`, ...rest]]
		: [BUILD, ['vitest', 'run', '--config', 'tests/bench/vitest.config.ts', ...process.argv.slice(2)]];
for (const [command = '', ...args] of commands) {
	const { status } = spawnSync(command, args, { stdio: 'inherit', shell: process.platform === 'win32' });
	if (status !== 0) process.exit(status ?? 1);
}
