/** The browser's processes, as reported by Linux. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import process from 'node:process';

export interface BrowserProcess {
	/** As in Chromium's `--type`: renderer, gpu-process, utility; "browser" for the first. */
	readonly kind: string;
	readonly pid: number;
	/** Megabytes in memory: all, and those shared with no other process. */
	readonly rssMb: number;
	readonly privateMb: number;
	/** Core seconds since its start. */
	readonly cpuS: number;
}

/** Clock ticks per second in /proc: the same on everything that Node runs on. */
const TICKS = 100;

/** The Chromium that this process started with a pipe. */
export function browserProcess(): number {
	const found = execFileSync('pgrep', ['-P', String(process.pid), '-f', 'remote-debugging-pipe'], { encoding: 'utf8' });
	return Number(found.split('\n')[0]);
}

/** That process and all its descendants. */
export function processesBelow(browserPid: number): BrowserProcess[] {
	const list = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n');
	const processes = list.map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line)).filter((match) => match !== null);
	const isOurs = (pid: number): boolean => {
		if (pid === browserPid) return true;
		const parent = processes.find(([, each]) => Number(each) === pid)?.[2];
		return parent !== undefined && Number(parent) > 1 && isOurs(Number(parent));
	};
	return processes.flatMap(([, pid = '', , args = '']) => {
		if (!isOurs(Number(pid))) return [];
		try {
			const memory = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
			const megabytes = (name: RegExp): number =>
				[...memory.matchAll(name)].reduce((sum, [, kb]) => sum + Number(kb), 0) / 1000;
			// After the name in brackets, which may contain spaces.
			const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
				.replace(/^.*\) /, '')
				.split(' ');
			return {
				kind: /--type=([a-z-]+)/.exec(args)?.[1] ?? 'browser',
				pid: Number(pid),
				rssMb: megabytes(/^Rss:\s+(\d+)/gm),
				privateMb: megabytes(/^Private_\w+:\s+(\d+)/gm),
				cpuS: (Number(fields[11]) + Number(fields[12])) / TICKS
			};
		} catch {
			// It has ended in the meantime.
			return [];
		}
	});
}
