/**
 * `npm test`: every check and the build, two at a time, then unit and browser tests, up to the first failure; the last
 * line counts the tests. `npm run check` does only the checks.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Step {
	readonly title: string;
	readonly command: string;
	/** For Vitest runs, which also write their counts to a file. */
	readonly counts?: true;
}

/** What the checks need. */
const FIRST: Step = { title: 'Generated types', command: 'svelte-kit sync' };

/** They are independent; the longest come first. */
const CHECKS: readonly Step[] = [
	{ title: 'Lint', command: 'eslint . --max-warnings 0' },
	{ title: 'Formatting', command: 'prettier --check --log-level warn .' },
	{ title: 'Types of the core', command: 'tsc -p src/lib/core' },
	{ title: 'Types of the worker', command: 'tsc -p src/lib/worker' },
	{ title: 'Types of the server', command: 'tsc -p src/server' },
	{ title: 'Types of the service worker', command: 'tsc -p src/service-worker' },
	{ title: 'Types of the training', command: 'tsc -p training' },
	{ title: 'Types of the tests', command: 'tsc -p tests' },
	{ title: 'Types of the page', command: 'svelte-check --tsconfig tsconfig.json --fail-on-warnings' },
	{ title: 'Unused files, exports and packages', command: 'knip' }
];

/** What the browser tests need. Runs alongside the checks, the longest of which takes one core for minutes. */
const BUILD: Step = { title: 'Build and its size', command: 'vite build --logLevel warn && tsx tests/size-budget.ts' };

const TESTS: readonly Step[] = [
	{ title: 'Unit tests', command: 'vitest run', counts: true },
	{ title: 'Browser tests', command: 'vitest run --config tests/e2e/vitest.config.ts', counts: true }
];

/** Each is one thread's work. */
const CHECKS_AT_ONCE = 2;

interface Counts {
	numPassedTests: number;
	numFailedTests: number;
	numPendingTests: number;
	readonly testResults: readonly { readonly assertionResults: readonly TestOutcome[] }[];
}

interface TestOutcome {
	readonly fullName: string;
	readonly status: string;
	/** From all tries. */
	readonly failureMessages: readonly string[];
}

const folder = mkdtempSync(join(tmpdir(), 'mien-test-'));

const NOTHING: Counts = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, testResults: [] };

/** Runs one step; gives the counts of its tests, or one failure if it failed without a failed test. */
function run(step: Step, index: number): Counts {
	const countsFile = join(folder, `${index}.json`);
	const reporters = `--reporter=default --reporter=json --outputFile.json="${countsFile}"`;
	const { status } = spawnSync(step.counts ? `${step.command} ${reporters}` : step.command, {
		shell: true,
		stdio: ['ignore', 'inherit', 'inherit']
	});
	let counts: Counts = { ...NOTHING };
	if (step.counts) {
		try {
			counts = JSON.parse(readFileSync(countsFile, 'utf8')) as Counts;
		} catch {
			console.log(`${step.title} left no counts: it did not finish.`);
			counts.numFailedTests = 1;
		}
	}
	if (status !== 0 && counts.numFailedTests === 0) counts.numFailedTests = 1;
	for (const { fullName, failureMessages } of counts.testResults
		.flatMap((file) => file.assertionResults)
		.filter(unsteady))
		console.log(`Passed only on the second try: ${fullName}\n${failureMessages.join('\n')}`);
	return counts;
}

function unsteady({ status, failureMessages }: TestOutcome): boolean {
	return status === 'passed' && failureMessages.length > 0;
}

/** Runs checks in parallel, printing each one's output when it has ended. Gives how many failed. */
async function runChecks(checks: readonly Step[]): Promise<number> {
	const waiting = [...checks];
	let wrong = 0;
	const lane = async (): Promise<void> => {
		for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
			const beganMs = performance.now();
			const child = spawn(step.command, { shell: true, stdio: ['ignore', 'pipe', 'pipe'] });
			let words = '';
			for (const stream of [child.stdout, child.stderr])
				stream.on('data', (bytes: Buffer) => (words += bytes.toString()));
			const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
			if (status !== 0) wrong++;
			console.log(`\n== ${step.title}: ${step.command}\n${words}${ending(step, status === 0, beganMs)}`);
		}
	};
	await Promise.all(Array.from({ length: CHECKS_AT_ONCE }, lane));
	return wrong;
}

function ending({ title }: Step, isOk: boolean, beganMs: number): string {
	return `-- ${title}: ${isOk ? 'ok' : 'FAILED'} in ${((performance.now() - beganMs) / 1000).toFixed(1)} s`;
}

let passed = 0;
let skipped = 0;
const started = performance.now();
const isChecksOnly = process.argv.includes('--checks');
let failed = run(FIRST, 0).numFailedTests || (await runChecks(isChecksOnly ? CHECKS : [...CHECKS, BUILD]));
for (const [index, step] of (isChecksOnly ? [] : TESTS).entries()) {
	if (failed > 0) break;
	console.log(`\n== ${step.title}: ${step.command}`);
	const beganMs = performance.now();
	const counts = run(step, index + 1);
	passed += counts.numPassedTests;
	failed += counts.numFailedTests;
	skipped += counts.numPendingTests;
	console.log(ending(step, counts.numFailedTests === 0, beganMs));
}
rmSync(folder, { recursive: true, force: true });
console.log(`\nAll in ${((performance.now() - started) / 1000).toFixed(0)} s.`);
if (skipped > 0) console.log(`${skipped} skipped; the reasons are above.`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
