import { defineConfig } from 'vitest/config';
import { ApartFirst } from '../apart-first.ts';

/** They change tfjs's back end, and a process has only one. */
const APART = ['tests/e2e/{parity,benchmark}.test.ts'];

const SHARED = {
	// In CI, where nobody watches, one more try; `npm test` names the tests that needed it.
	retry: process.env['CI'] === undefined ? 0 : 1,
	// A busy machine takes its time: limits only end what hangs.
	testTimeout: 300_000,
	hookTimeout: 300_000,
	expect: { poll: { timeout: 60_000 } }
};

/** Browser tests on the built site, three files at a time: they wait about half of the time, and cores are few. */
export default defineConfig({
	test: {
		globalSetup: ['tests/e2e/setup.ts'],
		maxWorkers: 3,
		sequence: { sequencer: ApartFirst },
		projects: [
			{
				test: { ...SHARED, name: 'together', include: ['tests/e2e/**/*.test.ts'], exclude: APART, isolate: false }
			},
			{ test: { ...SHARED, name: 'apart', include: APART } }
		]
	}
});
