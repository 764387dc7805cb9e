/** The import table of eslint.config.js: it reports what it forbids, with the reason, and passes what it allows. */
import { ESLint } from 'eslint';
import { describe, expect, it } from 'vitest';

const eslint = new ESLint({
	ruleFilter: ({ ruleId }) => ruleId === 'mien/layers',
	overrideConfig: { languageOptions: { parserOptions: { projectService: false } } }
});

async function lint(filePath: string, code: string): Promise<string[]> {
	const [result] = await eslint.lintText(code, { filePath });
	if (result === undefined) throw new Error(`${filePath} is not linted`);
	return result.messages.map(({ message }) => message);
}

const FORBIDDEN = [
	['src/lib/core/new.ts', "import { x } from '../worker/registry';", /core is pure/],
	['src/lib/core/new.ts', "import '@tensorflow/tfjs-backend-wasm';", /core is pure/],
	['src/lib/core/new.ts', "export * from '../protocol';", /core is pure/],
	['src/lib/errors.ts', "import type { Face } from './core/types';", /errors are the layer below/],
	['src/lib/manifest.ts', "import { square } from './core/geometry';", /plain data/],
	['src/lib/client/new.ts', "const tf = await import('@tensorflow/tfjs-core');", /never loads tfjs/],
	['src/lib/client/new.ts', "import { x } from '$lib/worker/runtime';", /never loads tfjs/],
	['src/lib/sources/new.ts', "import { y } from '../client/analyser';", /knows nothing of models/],
	['src/lib/worker/new.ts', "import { z } from '../state/session.svelte';", /neither the page/],
	['src/lib/state/new.svelte.ts', "import Face from '../components/Face.svelte';", /left to components/],
	[
		'src/lib/components/New.svelte',
		'<script lang="ts">import { a } from \'../state/settings.svelte\';</script>',
		/take props/
	],
	['src/routes/new/+page.svelte', "<script>import { a } from '$lib/client/analyser';</script>", /composes/],
	['src/routes/+page.ts', "import { a } from '../../training/models/recipe';", /logic lies below/],
	['src/hooks.ts', "import { a } from '../tests/helpers';", /depends on training or tests/],
	['training/new.ts', "import { a } from '../src/lib/worker/registry';", /training shares the core/],
	['training/data/new.ts', "import type { Recipe } from '../models/recipe';", /what lies below it: data, backend/],
	['training/loop/new.ts', "import { say } from '../commands/terminal';", /what lies below it: loop, models/],
	['training/commands/new.ts', "import { ablate } from '../studies/ablate';", /what lies below it: commands, ship/]
] as const;

const ALLOWED = [
	['src/lib/core/new.ts', "import { square } from './geometry'; import * as tf from '@tensorflow/tfjs-core';"],
	['src/lib/worker/new.ts', "import { a } from '../core/analyse'; import '@tensorflow/tfjs-backend-wasm';"],
	['src/lib/client/new.ts', "import type { ToWorker } from '../protocol';"],
	['src/lib/state/new.svelte.ts', "import { Analyser } from '../client/analyser';"],
	['src/routes/new/+page.svelte', "<script>import { Session } from '$lib/state/session.svelte';</script>"],
	['training/new.ts', "import { crop } from '../src/lib/core/preprocess'; import { parse } from 'csv-parse';"],
	['training/loop/new.ts', "import type { Recipe } from '../models/recipe'; import { sha256 } from '../lib/files';"],
	['tests/unit/new.test.ts', "import { a } from '../../src/lib/worker/registry';"]
] as const;

describe('the import table', () => {
	it.each(FORBIDDEN)('%s may not contain %s', async (file, code, reason) => {
		const messages = await lint(file, code);
		expect(messages).toHaveLength(1);
		expect(messages[0]).toMatch(reason);
	});

	it.each(ALLOWED)('%s may contain %s', async (file, code) => {
		expect(await lint(file, code)).toEqual([]);
	});
});
