/** Writes compressed copies beside the built files; each content is compressed once, as the best settings are slow. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

/** Already compressed, or never requested by a browser that reads Brotli. */
const PASSED_OVER = /\.(webp|png|jpe?g|avif|woff2|mp4|br|gz)$/;
const MIN_BYTES = 1024;
/** A copy must be smaller by this share to be worth a second file. */
const WORTH = 0.03;
/** Larger files, such as the weights of the largest model, get a quicker setting: the best one takes a minute. */
const LARGE_BYTES = 4_000_000;

const CODINGS = {
	br: (bytes: Buffer) =>
		promisify(brotliCompress)(bytes, {
			params: {
				[constants.BROTLI_PARAM_QUALITY]: bytes.length > LARGE_BYTES ? 6 : constants.BROTLI_MAX_QUALITY,
				[constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
				[constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS
			}
		}),
	gz: (bytes: Buffer) => promisify(gzip)(bytes, { level: bytes.length > LARGE_BYTES ? 6 : 9 })
};

/** Writes FILE.br and FILE.gz beside each file of `folder` if smaller; `cache` keeps them for the next build. */
export async function compressFolder(folder: string, cache: string): Promise<void> {
	mkdirSync(cache, { recursive: true });
	const used = new Set<string>();
	const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
	await Promise.all(
		files.map(async ({ parentPath, name }) => {
			if (PASSED_OVER.test(name)) return;
			const file = join(parentPath, name);
			const bytes = readFileSync(file);
			if (bytes.length < MIN_BYTES) return;
			const hash = createHash('sha256').update(bytes).digest('hex');
			for (const [extension, compress] of Object.entries(CODINGS)) {
				const kept = join(cache, `${hash}.${extension}`);
				used.add(`${hash}.${extension}`);
				const known = existsSync(kept);
				const compressed = known ? readFileSync(kept) : await compress(bytes);
				// An empty file records that compressing does not pay, so that it is not tried again.
				const pays = compressed.length > 0 && compressed.length <= bytes.length * (1 - WORTH);
				if (!known) writeFileSync(kept, pays ? compressed : '');
				if (pays) writeFileSync(`${file}.${extension}`, compressed);
			}
		})
	);
	for (const name of readdirSync(cache)) if (!used.has(name)) rmSync(join(cache, name));
}
