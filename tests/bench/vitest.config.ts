import { defineConfig } from 'vitest/config';

/** `npm run bench`: figures of the built site in Chromium on this machine. They are printed but not checked. */
export default defineConfig({
	test: {
		include: ['tests/bench/**/*.bench.ts'],
		globalSetup: ['tests/e2e/setup.ts'],
		fileParallelism: false,
		testTimeout: 300_000,
		hookTimeout: 120_000
	}
});
