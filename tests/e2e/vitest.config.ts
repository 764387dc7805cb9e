import { defineConfig } from 'vitest/config';

/** Browser tests on the built site: three files at a time, for they wait about half of the time, and machines have few cores. */
export default defineConfig({
	test: {
		include: ['tests/e2e/**/*.test.ts'],
		globalSetup: ['tests/e2e/setup.ts'],
		maxWorkers: 3,
		// Where nobody watches, one more try; `npm test` names what needed it.
		retry: process.env['CI'] === undefined ? 0 : 1,
		// A busy machine takes its time: limits only end what hangs.
		testTimeout: 300_000,
		hookTimeout: 300_000,
		expect: { poll: { timeout: 60_000 } }
	}
});
