import js from '@eslint/js';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import { importX } from 'eslint-plugin-import-x';
import svelte from 'eslint-plugin-svelte';
import { defineConfig, globalIgnores } from 'eslint/config';
import globals from 'globals';
import { posix } from 'node:path';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

const CORE_TYPES = 'src/lib/core/types';
const CORE_GEOMETRY = 'src/lib/core/geometry';
const CORE_INTERVAL = 'src/lib/core/interval';
const CORE_LABELS = 'src/lib/core/labels';
const CORE_VERDICT = 'src/lib/core/verdict';
const ERRORS = 'src/lib/errors';
const MANIFEST = 'src/lib/manifest';
const REPORT = 'src/lib/report';
const PROTOCOL = 'src/lib/protocol';
const PICTURES = 'src/lib/pictures';
const DATA_SETS = 'src/lib/data-sets';
const TFJS = ['@tensorflow/', '@tensorflow-models/'];
/** The package hls.js, also without what looks like a file extension. */
const HLS = ['hls', 'hls.js'];
/** Reads and writes films. */
const MEDIABUNNY = 'mediabunny';
const SVELTE = ['svelte', '$app/'];

/** What training and the page share. */
const SHARED_WITH_TRAINING = ['src/lib/core/', ERRORS, MANIFEST, REPORT, DATA_SETS, 'packages'];
/** The folders of training from the top layer down: each imports from itself and from those below it. */
const TRAINING_ROOMS = [
	'studies',
	'commands',
	'ship',
	'loop',
	'models',
	'evaluate',
	'pretrained',
	'augment',
	'data',
	'backend',
	'blazeface',
	'lib'
];

/**
 * Who may import whom. A file follows the first row whose `files` fits it; `may` lists modules, folders (with a
 * trailing slash) and packages. Files that no row fits (tests, configuration) may import anything.
 */
const LAYERS = [
	{
		files: 'src/lib/core/',
		may: ['src/lib/core/', '@tensorflow/tfjs-core'],
		because: 'core is pure and runs the same in Node and in a worker; models, time and threads are arguments'
	},
	{ files: ERRORS, may: [], because: 'errors are the layer below everything else' },
	{
		files: MANIFEST,
		may: [ERRORS, CORE_TYPES, 'valibot'],
		because: 'the manifest is plain data that training and page share'
	},
	{
		files: REPORT,
		may: [ERRORS, 'valibot'],
		because: 'a report is plain data that training and page share'
	},
	{
		files: PROTOCOL,
		may: [ERRORS, MANIFEST, DATA_SETS, CORE_TYPES],
		because: 'the protocol is plain data that page and worker share'
	},
	{
		files: 'src/lib/pictures/',
		may: ['src/lib/pictures/', ERRORS],
		because: 'files of pictures are decoded the same way in the page and in its worker'
	},
	{
		files: 'src/lib/data-sets/',
		may: ['src/lib/data-sets/', 'src/lib/core/', ERRORS, 'pako', 'modern-tar', '@zip.js/'],
		because: 'data sets are read the same way in the page, in its worker and in training'
	},
	{
		files: 'src/lib/worker/',
		may: [
			'src/lib/worker/',
			'src/lib/core/',
			ERRORS,
			MANIFEST,
			PROTOCOL,
			DATA_SETS,
			PICTURES,
			'valibot',
			'@noble/hashes/',
			...TFJS
		],
		because: 'the worker knows models and messages, but neither the page nor its state'
	},
	{
		files: 'src/lib/client/',
		may: ['src/lib/client/', ERRORS, MANIFEST, PROTOCOL, CORE_TYPES],
		because: 'the page talks to the worker only by messages, and never loads tfjs'
	},
	{
		files: 'src/lib/sources/',
		may: ['src/lib/sources/', PICTURES, ERRORS, MANIFEST, PROTOCOL, CORE_TYPES, MEDIABUNNY, ...HLS],
		because: 'a source gives pictures and knows nothing of models, workers or state'
	},
	{
		files: 'src/lib/state/',
		may: [
			'src/lib/state/',
			'src/lib/client/',
			'src/lib/sources/',
			ERRORS,
			MANIFEST,
			REPORT,
			PROTOCOL,
			DATA_SETS,
			CORE_TYPES,
			'client-zip',
			'csv-parse/',
			'idb',
			'mqtt',
			'package.json',
			CORE_LABELS,
			CORE_VERDICT,
			...SVELTE
		],
		because: 'state joins a source and the client; how it looks is left to components'
	},
	{
		files: 'src/lib/overlay/',
		may: ['src/lib/overlay/', CORE_TYPES, CORE_GEOMETRY, CORE_VERDICT],
		because: 'drawing is a function of a result and a viewport'
	},
	{
		files: 'src/lib/components/',
		may: [
			'src/lib/components/',
			'src/lib/overlay/',
			ERRORS,
			MANIFEST,
			REPORT,
			PROTOCOL,
			CORE_TYPES,
			CORE_GEOMETRY,
			CORE_INTERVAL,
			CORE_LABELS,
			'uqr',
			CORE_VERDICT,
			...SVELTE
		],
		because: 'components take props and give callbacks; only routes and state build a session'
	},
	{
		files: 'src/routes/',
		may: [
			'src/routes/',
			'src/app.css',
			'src/lib/components/',
			'src/lib/overlay/',
			'src/lib/state/',
			'src/lib/sources/',
			ERRORS,
			MANIFEST,
			REPORT,
			PROTOCOL,
			CORE_TYPES,
			CORE_GEOMETRY,
			CORE_VERDICT,
			...SVELTE
		],
		because: 'a route composes components and state; logic lies below it'
	},
	{
		files: 'src/server/',
		may: ['src/server/', 'packages'],
		because: 'the server runs in Node and only hands out what was built'
	},
	{
		files: 'src/service-worker/',
		may: ['src/service-worker/', '$service-worker'],
		because: 'the service worker keeps files and knows nothing of what they do'
	},
	{
		files: 'src/bundle/',
		may: ['src/bundle/', 'src/lib/core/network/kernels', 'vite', 'esbuild', 'node:'],
		because: 'what builds the site is not part of it'
	},
	{
		files: 'src/hooks.server',
		may: [MANIFEST, 'src/bundle/', 'node:', '@sveltejs/kit'],
		because: 'it runs while the pages are made, and writes addresses into them'
	},
	{ files: 'src/', may: ['src/', ...SVELTE], because: 'nothing that is shipped depends on training or tests' },
	...TRAINING_ROOMS.map((room, floor) => ({
		files: `training/${room}/`,
		may: [...TRAINING_ROOMS.slice(floor).map((lower) => `training/${lower}/`), ...SHARED_WITH_TRAINING],
		because: `in training, it may only import what lies below it: ${TRAINING_ROOMS.slice(floor).join(', ')}`
	})),
	{
		files: 'training/',
		may: ['training/', ...SHARED_WITH_TRAINING],
		because: 'training shares the core with the page, and nothing of its worker, state or components'
	}
];

/** The module's path from the root without its extension, or the package's name as written. */
function target(file, specifier) {
	const bare = specifier.replace(/\?.*$/, '');
	const path = bare.startsWith('.') ? posix.join(posix.dirname(file), bare) : bare.replace(/^\$lib(?=\/|$)/, 'src/lib');
	return path.replace(/\.(ts|js)$/, '');
}

function fits(path, entry) {
	if (entry === 'packages') return !/^(\.\.|src|training|tests)\//.test(path);
	return path === entry || path.startsWith(/[/:]$/.test(entry) ? entry : `${entry}/`);
}

const layers = {
	meta: { type: 'problem', schema: [], messages: { forbidden: '{{from}} may not import {{to}}: {{because}}.' } },
	create(context) {
		const file = posix.relative(context.cwd.replaceAll('\\', '/'), context.filename.replaceAll('\\', '/'));
		const layer = LAYERS.find(({ files }) => fits(target('', file), files));
		if (layer === undefined) return {};
		const check = (node) => {
			const specifier = node.source?.value;
			if (typeof specifier !== 'string') return;
			const to = target(file, specifier);
			if (layer.may.some((entry) => fits(to, entry))) return;
			context.report({
				node,
				messageId: 'forbidden',
				data: { from: layer.files, to, because: layer.because }
			});
		};
		return {
			ImportDeclaration: check,
			ImportExpression: check,
			ExportNamedDeclaration: check,
			ExportAllDeclaration: check,
			TSImportType: check
		};
	}
};

const CLOCK = 'core has no clock: pass the time in';
const CHANCE = 'core has no random numbers of its own: pass a generator in';

export default defineConfig(
	globalIgnores(['build/', '.svelte-kit/', '.cache/', 'coverage/', 'src/first.js', 'static/', 'test-results/']),
	js.configs.recommended,
	ts.configs.strictTypeChecked,
	svelte.configs.recommended,
	{
		plugins: { mien: { rules: { layers } }, 'import-x': importX },
		settings: {
			'import-x/resolver-next': [createTypeScriptImportResolver({ project: 'tsconfig.json' })],
			'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
			'import-x/ignore': ['node_modules']
		},
		languageOptions: {
			parserOptions: {
				projectService: {
					allowDefaultProject: ['*.js', 'vite.config.ts'],
					defaultProject: 'tests/tsconfig.json'
				},
				extraFileExtensions: ['.svelte'],
				tsconfigRootDir: import.meta.dirname
			}
		},
		rules: {
			'mien/layers': 'error',
			'import-x/no-cycle': 'error',
			eqeqeq: 'error',
			'@typescript-eslint/switch-exhaustiveness-check': [
				'error',
				{ considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true }
			],
			'@typescript-eslint/consistent-type-imports': 'error',
			'@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
			'@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
			'@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }]
		}
	},
	{
		files: ['**/*.svelte', '**/*.svelte.ts'],
		languageOptions: { globals: globals.browser, parserOptions: { parser: ts.parser, svelteConfig } }
	},
	{
		// To the linter, the props of an imported component, and so the arguments of its callbacks, are `any` here;
		// svelte-check checks their types.
		files: ['**/*.svelte'],
		rules: Object.fromEntries(
			['argument', 'assignment', 'call', 'member-access', 'return'].map((use) => [
				`@typescript-eslint/no-unsafe-${use}`,
				'off'
			])
		)
	},
	{
		files: ['src/lib/core/**'],
		rules: {
			'no-restricted-globals': ['error', { name: 'Date', message: CLOCK }],
			'no-restricted-properties': ['error', { object: 'Math', property: 'random', message: CHANCE }]
		}
	},
	{
		files: ['*.js'],
		extends: [ts.configs.disableTypeChecked],
		languageOptions: { globals: globals.node }
	}
);
