/** Finds the imports of built scripts. */
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';

/** Paths, relative to `folder`, of the chunks that a built script there imports statically. */
export function importedBy(folder: string, script: string): string[] {
	const code = readFileSync(posix.join(folder, script), 'utf8');
	const imports = code.matchAll(/(?:^|;)import[^"'`;(]*["'`](\.[^"'`]+)["'`]/gm);
	return [...imports].map(([, file = '']) => posix.join(posix.dirname(script), file));
}
