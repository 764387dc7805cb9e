import { writeFileSync } from 'node:fs';
import { extname } from 'node:path';
import { sveltekit } from '@sveltejs/kit/vite';
import { type LicenseInfo, licensePlugin } from 'rolldown-license-plugin';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import { workerPlugins } from './src/bundle/worker-plugins.ts';
import { compressFolder } from './src/server/compress.ts';
import { noticesText } from './src/server/notices.ts';
import { writeOfflineList } from './src/server/offline.ts';
import { filePolicy, HEADERS, headersFile } from './src/server/policy.ts';
import svelteConfig from './svelte.config.js';
import { ApartFirst } from './tests/apart-first.ts';

/** Sends the server's headers in development, where Kit itself sends the policy of the pages. */
function sendHeaders(): Plugin {
	const isKeyword = (source: string): boolean => /^(self|none|unsafe-inline|sha256-.*)$/.test(source);
	const policy = Object.entries(svelteConfig.kit.csp.directives)
		.map(([name, sources]) =>
			[name, ...sources.map((source) => (isKeyword(source) ? `'${source}'` : source))].join(' ')
		)
		.join('; ');
	return {
		name: 'mien-headers',
		configureServer: (server) =>
			void server.middlewares.use((request, response, next) => {
				for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
				const isFile = extname(new URL(request.url ?? '/', 'http://localhost').pathname) !== '';
				if (isFile) response.setHeader('Content-Security-Policy', filePolicy(policy));
				next();
			})
	};
}

/** Packages of all scripts: the page's, and those of its workers, which are bundled separately. */
const shipped = new Map<string, LicenseInfo>();

function remember(packages: readonly LicenseInfo[]): void {
	for (const info of packages) shipped.set(`${info.name} ${info.version}`, info);
}

/** Writes the licences of what is shipped into /notices.txt. */
function writeNotices(): Plugin[] {
	const collect = licensePlugin({ done: remember }) as Plugin;
	return [
		{ ...collect, applyToEnvironment: ({ name }) => name === 'client' },
		{
			name: 'mien-notices',
			applyToEnvironment: ({ name }) => name === 'client',
			generateBundle: {
				order: 'post',
				handler() {
					// The service worker is bundled separately, after this, and contains none.
					this.emitFile({ type: 'asset', fileName: 'notices.txt', source: noticesText(shipped.values(), '.') });
				}
			}
		}
	];
}

/** Joins what three or more pages share into one script: thirty small ones cost a start more than they save. */
function joinShared(): Plugin {
	return {
		name: 'mien-join-shared',
		configEnvironment: (name) =>
			name === 'client'
				? {
						build: {
							rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'shared', minShareCount: 3 }] } } }
						}
					}
				: undefined
	};
}

/** Writes the service worker's list and compressed copies after Kit's adapter has written the site. */
function finish(): Plugin {
	let isLast = false;
	return {
		name: 'mien-finish',
		apply: 'build',
		configResolved: ({ build }) => {
			isLast = build.ssr !== false;
		},
		closeBundle: {
			sequential: true,
			order: 'post',
			handler: async () => {
				if (!isLast) return;
				writeOfflineList('build');
				// For static hosts: headers for Netlify; for GitHub Pages, a sign that names with an underscore are
				// files too.
				writeFileSync('build/_headers', headersFile());
				writeFileSync('build/.nojekyll', '');
				await compressFolder('build', 'node_modules/.cache/mien-compressed');
			}
		}
	};
}

/** Unit tests that change what all tests of a process share: tfjs's back ends and replaced modules. */
const APART = [
	'tests/unit/training/{backend,blazeface,loop,models,pretrained,ship}/*.test.ts',
	'tests/unit/training/{cli,evaluate/report,studies/crop-*}.test.ts',
	'tests/unit/state/photos.test.ts'
];

export default defineConfig({
	plugins: [sendHeaders(), sveltekit(), joinShared(), writeNotices(), finish()],
	worker: {
		format: 'es',
		plugins: () => [...workerPlugins(), licensePlugin({ done: remember }) as Plugin],
		rolldownOptions: {
			// tfjs's kernels for ragged tensors, which no model uses, name helpers that tfjs-core does not export.
			checks: { importIsUndefined: false },
			// One script for the worker's code and its imports: six small ones cost a start more than they save.
			output: { codeSplitting: { groups: [{ name: 'serve', test: /worker[\\/]serve\.ts$/ }] } }
		}
	},
	build: {
		// Browsers that know light-dark(): lowered for older ones, it would be resolved at the root, and a stage that
		// is always dark would get the page's colours.
		cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
		rolldownOptions: { checks: { bundlerTimings: false } }
	},
	// A busy machine takes its time: limits only end what hangs.
	test: {
		testTimeout: 300_000,
		hookTimeout: 300_000,
		// The default, one fewer than the cores, would leave one of two idle.
		maxWorkers: '100%',
		sequence: { sequencer: ApartFirst },
		projects: [
			// Loading the same modules again for each file would take longer than the tests.
			{
				extends: true,
				test: {
					name: 'together',
					include: ['tests/unit/**/*.test.ts'],
					exclude: APART,
					isolate: false
				}
			},
			{ extends: true, test: { name: 'apart', include: APART } }
		]
	}
});
