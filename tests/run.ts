/**
 * `npm test`: every check in sequence, up to the first that fails; the last line counts the tests. `npm run check` stops
 * before the tests.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Step {
	readonly title: string;
	readonly command: string;
	/** Vitest runs also write their counts to a file. */
	readonly counts?: true;
}

const STEPS: readonly Step[] = [
	{ title: 'Formatting', command: 'prettier --check --log-level warn .' },
	{ title: 'Generated types', command: 'svelte-kit sync' },
	{ title: 'Lint', command: 'eslint . --max-warnings 0' },
	{ title: 'Types of the core', command: 'tsc -p src/lib/core' },
	{ title: 'Types of the worker', command: 'tsc -p src/lib/worker' },
	{ title: 'Types of the server', command: 'tsc -p src/server' },
	{ title: 'Types of the service worker', command: 'tsc -p src/service-worker' },
	{ title: 'Types of the training', command: 'tsc -p training' },
	{ title: 'Types of the tests', command: 'tsc -p tests' },
	{ title: 'Types of the page', command: 'svelte-check --tsconfig tsconfig.json --fail-on-warnings' },
	{ title: 'Unused files, exports and packages', command: 'knip' },
	{ title: 'Unit tests', command: 'vitest run', counts: true },
	{ title: 'Build', command: 'vite build --logLevel warn' },
	{ title: 'Size budget', command: 'tsx tests/size-budget.ts' },
	{ title: 'Browser tests', command: 'vitest run --config tests/e2e/vitest.config.ts', counts: true }
];

interface Counts {
	numPassedTests: number;
	numFailedTests: number;
	numPendingTests: number;
}

const folder = mkdtempSync(join(tmpdir(), 'mien-test-'));

/** Runs one step; its tests, or one failure where it failed without a failed test. */
function run(step: Step, index: number): Counts {
	const countsFile = join(folder, `${index}.json`);
	const reporters = `--reporter=default --reporter=json --outputFile.json="${countsFile}"`;
	const { status } = spawnSync(step.counts ? `${step.command} ${reporters}` : step.command, {
		shell: true,
		stdio: ['ignore', 'inherit', 'inherit']
	});
	let counts: Counts = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0 };
	if (step.counts) {
		try {
			counts = JSON.parse(readFileSync(countsFile, 'utf8')) as Counts;
		} catch {
			console.log(`${step.title} left no counts: it did not come to its end.`);
			counts.numFailedTests = 1;
		}
	}
	if (status !== 0 && counts.numFailedTests === 0) counts.numFailedTests = 1;
	return counts;
}

const firstTests = STEPS.findIndex(({ counts }) => counts);
const steps = process.argv.includes('--checks') ? STEPS.slice(0, firstTests) : STEPS;

let passed = 0;
let failed = 0;
let skipped = 0;
const started = performance.now();
for (const [index, step] of steps.entries()) {
	console.log(`\n== ${index + 1}/${steps.length} ${step.title}: ${step.command}`);
	const stepStarted = performance.now();
	const counts = run(step, index);
	passed += counts.numPassedTests;
	failed += counts.numFailedTests;
	skipped += counts.numPendingTests;
	const seconds = ((performance.now() - stepStarted) / 1000).toFixed(1);
	console.log(`-- ${step.title}: ${counts.numFailedTests === 0 ? 'ok' : 'FAILED'} in ${seconds} s`);
	if (failed > 0) break;
}
rmSync(folder, { recursive: true, force: true });
console.log(`\nAll in ${((performance.now() - started) / 1000).toFixed(0)} s.`);
if (skipped > 0) console.log(`${skipped} skipped; the reasons stand above.`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
