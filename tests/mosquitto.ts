/** A private Mosquitto on loopback that can be killed and started again. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export const BROKER_LOGIN = { username: 'kiosk', password: 's3cret' };
/** Accepted only if access rights are given. */
export const OTHER_LOGINS = [
	{ username: 'operator', password: 'al50-s3cret' },
	{ username: 'visitor', password: 'n0b0dy' }
];

export class Mosquitto {
	readonly #folder = mkdtempSync(join(tmpdir(), 'mien-mosquitto-'));
	readonly #program: string;
	readonly #port: number;
	#process: ChildProcess | null = null;

	/**
	 * Accepts MQTT over WebSocket on `port` and plain MQTT on `plainPort`, with BROKER_LOGIN only; its state is
	 * persistent. `rights`: lines of an `acl_file`; if given, OTHER_LOGINS are accepted too.
	 */
	constructor(program: string, port: number, plainPort: number, rights: string | null = null) {
		this.#program = program;
		this.#port = port;
		const passwords = join(this.#folder, 'passwords');
		const rightsFile = join(this.#folder, 'rights');
		for (const [index, { username, password }] of [BROKER_LOGIN, ...(rights === null ? [] : OTHER_LOGINS)].entries()) {
			const options = index === 0 ? ['-b', '-c'] : ['-b'];
			execFileSync(join(dirname(program), '../bin/mosquitto_passwd'), [...options, passwords, username, password]);
		}
		if (rights !== null) writeFileSync(rightsFile, `${rights.trim()}\n`);
		writeFileSync(
			join(this.#folder, 'mosquitto.conf'),
			[
				// Mosquitto 2.0.11 does not start with WebSocket alone.
				`listener ${plainPort} 127.0.0.1`,
				`listener ${port} 127.0.0.1`,
				'protocol websockets',
				'allow_anonymous false',
				`password_file ${passwords}`,
				...(rights === null ? [] : [`acl_file ${rightsFile}`]),
				'persistence true',
				`persistence_location ${this.#folder}/`,
				'autosave_interval 1',
				'autosave_on_changes true',
				...(process.getuid?.() === 0 ? ['user root'] : [])
			].join('\n')
		);
	}

	/** Resolves once it accepts connections. */
	async start(): Promise<void> {
		const program = spawn(this.#program, ['-c', join(this.#folder, 'mosquitto.conf')], { stdio: 'ignore' });
		this.#process = program;
		while (!(await accepts(this.#port))) {
			if (program.exitCode !== null) throw new Error(`mosquitto ended with ${program.exitCode}`);
			await new Promise((resolve) => setTimeout(resolve, 50));
		}
	}

	/** As in a power cut. */
	async kill(): Promise<void> {
		const program = this.#process;
		this.#process = null;
		if (program === null || program.exitCode !== null) return;
		program.kill('SIGKILL');
		await once(program, 'exit');
	}

	async remove(): Promise<void> {
		await this.kill();
		rmSync(this.#folder, { recursive: true, force: true });
	}
}

function accepts(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = connect(port, '127.0.0.1');
		socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
		socket.on('connect', () => socket.destroy());
	});
}
