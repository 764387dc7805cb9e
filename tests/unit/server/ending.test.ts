/** The server as a process of its own: how a service manager, a terminal and npm end it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { bundledServer } from '../../server';
import { fakeBuild } from './fixture';

let script: string;
let folder: string;
const ended: (() => void)[] = [];
/** The `expect.poll` of all tests is meant for one test at a time. */
const WAIT = { timeout: 60_000, interval: 50 };

beforeAll(async () => {
	script = await bundledServer();
	folder = mkdtempSync(join(tmpdir(), 'mien-ending-'));
	const built = fakeBuild();
	mkdirSync(join(folder, 'build'));
	cpSync(built, join(folder, 'build'), { recursive: true });
	writeFileSync(join(folder, 'package.json'), '{"version":"1.0.0"}');
	rmSync(built, { recursive: true });
	return () => {
		for (const end of ended) end();
		rmSync(folder, { recursive: true });
	};
});

/** A camera that answers when told to; `asked` resolves once it has a request. */
async function slowCamera(): Promise<{ option: string; asked: Promise<void>; answer: () => void }> {
	let answer = (): void => undefined;
	const camera = createServer();
	const asked = new Promise<void>((done) => {
		camera.once('request', (_, response) => {
			answer = () => response.end('picture');
			done();
		});
	});
	await new Promise<void>((done) => camera.listen(0, '127.0.0.1', done));
	ended.push(() => camera.close());
	const { port } = camera.address() as AddressInfo;
	return { option: `--proxy=/camera=http://127.0.0.1:${port}`, asked, answer: () => answer() };
}

/** A port that nobody listens on and no other test's server takes: servers without one count up from the same port. */
async function freePort(): Promise<number> {
	const server = createServer();
	await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
	const { port } = server.address() as AddressInfo;
	await new Promise((done) => server.close(done));
	return port;
}

/** Kills a process, if it still runs, and what it left behind. */
function killGroup(pid: number | undefined): void {
	try {
		if (pid !== undefined) process.kill(-pid, 'SIGKILL');
	} catch {
		// All are gone.
	}
}

/** Starts the server by `command`, with its arguments after it; resolves once it listens. */
async function started(command: readonly string[], options: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
	const [program = '', ...first] = command;
	const place = ['--no-build', '--host=127.0.0.1', `--port=${await freePort()}`];
	const child: ChildProcess = spawn(program, [...first, ...place, ...options], {
		cwd: folder,
		env: { PATH: process.env['PATH'], ...env },
		detached: true
	});
	ended.push(() => killGroup(child.pid));
	let printed = '';
	for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => (printed += String(text)));
	// Settles after it and all that write to its output have ended.
	const code = new Promise<number | null>((done) => child.on('close', done));
	const origin = await vi.waitFor(() => {
		const [address] = /http:\/\/[\d.]+:\d+/.exec(printed) ?? [];
		return address ?? expect.fail(`It printed no address: ${printed}`);
	}, WAIT);
	/** Waits until it has printed this. */
	const prints = (text: string) => vi.waitFor(() => expect(printed).toContain(text), WAIT);
	return { child, origin, code, prints };
}

// These tests mostly wait.
describe.concurrent('the server', () => {
	it.each([
		['SIGTERM', ['SIGTERM']],
		['Ctrl-C, which a terminal and npm both pass on', ['SIGINT', 'SIGINT']],
		['a service manager and npm together', ['SIGTERM', 'SIGTERM']]
	] as const)('finishes pending requests at %s, takes no new ones, and exits with 0', async (_, signals) => {
		const camera = await slowCamera();
		const { child, origin, code, prints } = await started([process.execPath, script], [camera.option]);
		const under = fetch(`${origin}/camera/`, { headers: { 'Sec-Fetch-Site': 'same-origin' } });
		await camera.asked;
		for (const signal of signals) {
			child.kill(signal);
			await new Promise((done) => setTimeout(done, 50));
		}
		await prints(`Stopping (${signals[0]}).`);
		await expect(fetch(`${origin}/`)).rejects.toThrow();
		camera.answer();
		expect(await (await under).text()).toBe('picture');
		expect(await code).toBe(0);
	});

	it('exits at once at a second Ctrl-C', async () => {
		const camera = await slowCamera();
		const { child, origin, code, prints } = await started([process.execPath, script], [camera.option]);
		const under = fetch(`${origin}/camera/`, { headers: { 'Sec-Fetch-Site': 'same-origin' } }).catch(() => 'cut');
		await camera.asked;
		child.kill('SIGINT');
		await prints('Stopping (SIGINT).');
		await new Promise((done) => setTimeout(done, 1100));
		child.kill('SIGINT');
		expect(await code).toBe(1);
		expect(await under).toBe('cut');
	});

	it.skipIf(process.platform === 'win32')('ends with npm, whose shell passes no signal on', async () => {
		const shell = ['sh', '-c', `"$0" "$@"; true`, process.execPath, script];
		const { child, code, prints } = await started(shell, [], { npm_lifecycle_event: 'start' });
		child.kill('SIGTERM');
		await prints('Stopping (npm ended).');
		// The shell's code, but it arrives only after all that write to its output have ended.
		await code;
	});

	it.skipIf(process.platform === 'win32')('keeps running if the program that started it ends', async () => {
		const shell = ['sh', '-c', `"$0" "$@" & sleep 2; true`, process.execPath, script];
		const { child, origin } = await started(shell);
		const exited = new Promise((done) => child.on('exit', done));
		await exited;
		await new Promise((done) => setTimeout(done, 1500));
		const answer = await fetch(`${origin}/healthz`);
		expect(await answer.json()).toMatchObject({ status: 'ok' });
	});
});
