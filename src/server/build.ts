/** Tells whether the site must be built before it is served, and builds it. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { allowedOrigins, pagePolicy } from './policy';

/** What a build is made from: of `src/server` too, as the build's policy, notices and compression come from there. */
const SOURCES = ['src', 'static', 'package-lock.json', 'svelte.config.js', 'vite.config.ts'];

export interface Wanted {
	/** Origins that the pages may talk to. */
	readonly allow: readonly string[];
	/** Empty, or a path such as "/mien". */
	readonly base: string;
}

/** Why the build in `project` will not do, as a reason in "Building, as ..."; null if it will. */
export function whyBuild(project: string, wanted: Wanted): string | null {
	const built = readBuild(project);
	if (built === null) return 'there is no build yet';
	if (built.base !== wanted.base)
		return `the last build was for ${built.base === '' ? 'the root of a host' : built.base}`;
	const differs =
		new Set(wanted.allow).size !== new Set(built.allow).size ||
		!wanted.allow.every((origin) => built.allow.includes(origin));
	if (differs) return 'the allowed hosts differ from the last build';
	const newest = Math.max(...SOURCES.map((name) => newestMs(join(project, name))));
	return newest > built.atMs ? 'sources are newer than the last build' : null;
}

/** What was built, and for what; null if nothing was. */
export function readBuild(project: string): (Wanted & { readonly atMs: number }) | null {
	const index = join(project, 'build/index.html');
	const stamp = join(project, 'build/_app/version.json');
	const missing = join(project, 'build/404.html');
	if (![index, stamp, missing].every((file) => existsSync(file))) return null;
	const policy = pagePolicy(readFileSync(index, 'utf8'));
	// That page may be shown at any address, so its links start at the root.
	const [, base = ''] = /"(\/[^"]*)?\/_app\/immutable\//.exec(readFileSync(missing, 'utf8')) ?? [];
	return { base, allow: policy === null ? [] : allowedOrigins(policy), atMs: statSync(stamp).mtimeMs };
}

/** When the newest file at or below `path` changed; 0 if there is none. */
function newestMs(path: string): number {
	if (!existsSync(path)) return 0;
	const own = statSync(path);
	if (!own.isDirectory()) return own.mtimeMs;
	// The folder's own date shows when files were removed.
	return Math.max(own.mtimeMs, ...readdirSync(path).map((name) => newestMs(join(path, name))));
}

/** Builds the site in a separate process, so that its memory is freed. Throws an Error with its output. */
export async function buildSite(project: string, { allow, base }: Wanted): Promise<void> {
	// Vite's own program, not a script on the command line: the threads of a build inherit their process's arguments.
	const program = join(project, 'node_modules/vite/bin/vite.js');
	const child = spawn(process.execPath, [program, 'build', '--logLevel', 'warn'], {
		cwd: project,
		env: { ...process.env, MIEN_ALLOW: allow.join(' '), BASE_PATH: base },
		stdio: ['ignore', 'pipe', 'pipe']
	});
	let words = '';
	for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => (words += bytes.toString()));
	const code = await new Promise<number | null>((done, fail) => {
		child.once('error', fail);
		child.once('close', done);
	});
	if (code !== 0) throw new Error(`The site could not be built:\n${words.trim()}`);
}
