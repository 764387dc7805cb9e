import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach } from 'vitest';

/** Path of a folder that exists for the tests of a file; `emptied` before each of them. */
export function temporaryFolder({ emptied = false } = {}): string {
	const dir = mkdtempSync(path.join(os.tmpdir(), 'mien-'));
	if (emptied)
		beforeEach(() => {
			rmSync(dir, { recursive: true, force: true });
			mkdirSync(dir);
		});
	afterAll(() => {
		rmSync(dir, { recursive: true, force: true });
	});
	return dir;
}
