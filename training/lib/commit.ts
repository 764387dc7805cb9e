import { execFileSync } from 'node:child_process';

/** The commit of the sources in `dir`, twelve digits; "unknown" without git or a repository. */
export function commitOf(dir: string): string {
	try {
		const args = ['rev-parse', '--short=12', 'HEAD'];
		return execFileSync('git', args, { cwd: dir, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
	} catch {
		return 'unknown';
	}
}
