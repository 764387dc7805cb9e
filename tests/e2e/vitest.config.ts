import { defineConfig } from 'vitest/config';

/** Browser tests on the built site: one file after the other, for a test machine has few cores. */
export default defineConfig({
	test: {
		include: ['tests/e2e/**/*.test.ts'],
		globalSetup: ['tests/e2e/setup.ts'],
		fileParallelism: false,
		testTimeout: 120_000,
		hookTimeout: 120_000,
		// A busy machine takes its time: what is polled for comes, or the test ends.
		expect: { poll: { timeout: 60_000 } }
	}
});
