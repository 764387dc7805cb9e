/** System programs that some tests need. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';

/** For one package, with or without updating the package lists. */
const INSTALL_LIMIT_MS = 180_000;

/**
 * Path of a program named like its Debian package. If it is missing, a test machine (CI set, Debian, root) installs it;
 * otherwise null, and the console says what is skipped.
 */
export function provideProgram(name: 'mosquitto' | 'ffmpeg'): string | null {
	const isTestMachine = process.env['CI'] === 'true' && process.getuid?.() === 0 && existsSync('/etc/debian_version');
	if (find(name) === null && isTestMachine) {
		const install = `apt-get install -y -q --no-install-recommends ${name}`;
		console.log(`No ${name} found; installing it: ${install}`);
		spawnSync(`${install} || (apt-get update -q && ${install})`, {
			shell: true,
			stdio: ['ignore', 'ignore', 'inherit'],
			timeout: INSTALL_LIMIT_MS,
			env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
		});
	}
	const found = find(name);
	if (found === null) console.log(`No ${name} here: the tests that need it are skipped. Install ${name} to run them.`);
	return found;
}

function find(name: string): string | null {
	try {
		return execFileSync('which', [name], { encoding: 'utf8' }).trim();
	} catch {
		return null;
	}
}

/** A free port on this machine. */
export async function freePort(): Promise<number> {
	const server = createServer();
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address() as AddressInfo;
	await new Promise((resolve) => server.close(resolve));
	return port;
}
