import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder, from a source file and from a bundle in node_modules alike. */
export const ROOT = rootAbove(path.dirname(fileURLToPath(import.meta.url)));

function rootAbove(dir: string): string {
	return existsSync(path.join(dir, 'package.json')) ? dir : rootAbove(path.dirname(dir));
}
