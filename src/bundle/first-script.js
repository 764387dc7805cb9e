/**
 * The script at the start of every page, exactly as it appears there; and its hash, for the content security policy.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { transformSync } from 'esbuild';

/** @returns {{ text: string, hash: string }} */
export function firstScript() {
	const text = transformSync(readFileSync('src/first.js', 'utf8'), { minify: true, target: 'es2022' }).code.trim();
	return { text, hash: `sha256-${createHash('sha256').update(text).digest('base64')}` };
}
