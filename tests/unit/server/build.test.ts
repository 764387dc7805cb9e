/** Building in a process of its own, and knowing when to build. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildSite, whyBuild } from '../../../src/server/build';

/** A project whose build starts a thread, as SvelteKit's does, and passes its settings on to the thread and page. */
const CONFIG = `
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
writeFileSync('thread.mjs', 'export {}; process.exitCode = 0;');
export default {
	plugins: [{
		name: 'thread',
		async buildStart() {
			const [code] = await once(new Worker(new URL('./thread.mjs', 'file://' + process.cwd() + '/')), 'exit');
			if (code !== 0) throw new Error('the thread failed');
			if (process.env.MIEN_ALLOW.includes('broken')) throw new Error('this cannot be built');
			writeFileSync('given.json', JSON.stringify([process.env.MIEN_ALLOW, process.env.BASE_PATH]));
		}
	}]
};`;

let project: string;
beforeEach(() => {
	project = mkdtempSync(join(tmpdir(), 'mien-build-'));
	symlinkSync(resolve('node_modules'), join(project, 'node_modules'));
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

describe('a build', () => {
	beforeEach(() => {
		writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
		writeFileSync(join(project, 'index.html'), '<p>built</p>');
		writeFileSync(join(project, 'vite.config.js'), CONFIG);
	});

	it('may start its own threads, and gets the hosts and path', async () => {
		await buildSite(project, { allow: ['http://a', 'http://b'], base: '/mien' });
		expect(JSON.parse(readFileSync(join(project, 'given.json'), 'utf8'))).toEqual(['http://a http://b', '/mien']);
		expect(readFileSync(join(project, 'dist/index.html'), 'utf8')).toContain('built');
	});

	it('that fails reports its own words', async () => {
		await expect(buildSite(project, { allow: ['http://broken'], base: '' })).rejects.toThrow(
			/could not be built:[^]*this cannot be built/
		);
	});
});

describe('the site of a project', () => {
	const OF_ROOT = { allow: [], base: '' };
	const write = (name: string, text: string, atS: number): void => {
		const path = join(project, name);
		mkdirSync(join(path, '..'), { recursive: true });
		writeFileSync(path, text);
		utimesSync(path, atS, atS);
		// A folder is as old as the last file added to it.
		utimesSync(join(path, '..'), atS, atS);
	};
	const built = (base: string, policy: string): void => {
		write('build/index.html', `<meta http-equiv="content-security-policy" content="${policy}">`, 2000);
		write('build/404.html', `<link href="${base}/_app/immutable/a.js">`, 2000);
		write('build/_app/version.json', '{}', 2000);
	};
	beforeEach(() => {
		write('src/app.html', '', 1000);
		write('src/server/policy.ts', '', 1000);
		utimesSync(join(project, 'src'), 1000, 1000);
	});

	it('is built if there is no build yet, or none for this path', () => {
		expect(whyBuild(project, OF_ROOT)).toBe('there is no build yet');
		built('/mien', "default-src 'self'");
		expect(whyBuild(project, OF_ROOT)).toBe('the last build was for /mien');
		expect(whyBuild(project, { allow: [], base: '/mien' })).toBeNull();
	});

	it.each(['src/app.html', 'src/server/policy.ts', 'vite.config.ts'])(
		'is built again if %s has changed since',
		(file) => {
			built('', "default-src 'self'");
			expect(whyBuild(project, OF_ROOT)).toBeNull();
			write(file, 'changed', 3000);
			expect(whyBuild(project, OF_ROOT)).toBe('sources are newer than the last build');
		}
	);

	it('is built again if its allowed hosts have changed', () => {
		built('', "default-src 'self'");
		expect(whyBuild(project, { ...OF_ROOT, allow: ['http://camera.local'] })).toBe(
			'the allowed hosts differ from the last build'
		);
	});
});
