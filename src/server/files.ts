/** Serves the built files: compressed if the browser accepts it, with validators and byte ranges. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join, resolve } from 'node:path';
import { lookup } from 'mrmime';
import send from 'send';
import { filePolicy, pagePolicy } from './policy';

/** Best first, with the extensions that the build gives to compressed files. */
const ENCODINGS = [
	{ coding: 'br', extension: '.br' },
	{ coding: 'gzip', extension: '.gz' }
] as const;
const IMMUTABLE = 'public, max-age=31536000, immutable';
const HASH_DIGITS = /[\da-f]{12,64}/g;

/** Something known about a file, valid while it has this size and date. */
interface Known<T> {
	readonly stamp: string;
	readonly value: Promise<T>;
}

export class Files {
	readonly #folder: string;
	readonly #hashes = new Map<string, Known<string>>();
	readonly #policies = new Map<string, Known<string | null>>();

	/** `folder`: what was built. */
	constructor(folder: string) {
		this.#folder = resolve(folder);
	}

	/**
	 * Answers a GET or HEAD for `path` (below the site's base, as sent) if there is such a file. Calls `onPage` before
	 * it sends a page.
	 */
	async serve(
		request: IncomingMessage,
		response: ServerResponse,
		{ path, search }: { path: string; search: string },
		onPage: () => void
	): Promise<'served' | 'missing' | { redirect: string }> {
		const name = fileName(path);
		if (name === null) return 'missing';
		const found = await this.#find(name === '' ? ['index.html'] : [name, `${name}.html`]);
		if (found === null) {
			const page = path.endsWith('/') ? await this.#find([`${name.replace(/\/$/, '')}.html`]) : null;
			return page === null ? 'missing' : { redirect: `${path.replace(/\/+$/, '')}${search}` };
		}
		if (found.endsWith('.html')) onPage();
		await this.#send(request, response, found, path + search);
		return 'served';
	}

	/** Answers 404, with the site's own page if a page was requested. */
	async serveMissing(request: IncomingMessage, response: ServerResponse): Promise<void> {
		response.statusCode = 404;
		const wantsPage = request.headers.accept?.includes('text/html') === true;
		const page = wantsPage ? await this.#find(['404.html']) : null;
		if (page === null) {
			response.setHeader('Content-Security-Policy', await this.#filePolicy());
			response.setHeader('Content-Type', 'text/plain; charset=utf-8').end('There is no such page or file.\n');
			return;
		}
		delete request.headers.range;
		await this.#send(request, response, page, '');
	}

	/** The policy in the start page, or null if there is no build. */
	async sitePolicy(): Promise<string | null> {
		const page = await this.#find(['index.html']);
		return page === null ? null : this.#pagePolicy(page);
	}

	async #filePolicy(): Promise<string> {
		return filePolicy((await this.sitePolicy()) ?? "default-src 'none'");
	}

	/** The first of these names that is a file. */
	async #find(names: readonly string[]): Promise<string | null> {
		for (const name of names) {
			const found = await stat(join(this.#folder, name)).catch(() => null);
			if (found?.isFile() === true) return name;
		}
		return null;
	}

	async #send(request: IncomingMessage, response: ServerResponse, name: string, address: string): Promise<void> {
		const policy = name.endsWith('.html') ? await this.#pagePolicy(name) : null;
		response.setHeader('Content-Security-Policy', policy ?? (await this.#filePolicy()));
		let sent = name;
		const { range } = request.headers;
		for (const { coding, extension } of ENCODINGS) {
			if ((await this.#find([name + extension])) === null) continue;
			response.setHeader('Vary', 'Accept-Encoding');
			// Part of a compressed file is useless by itself.
			if (sent !== name || range !== undefined || !accepts(request.headers['accept-encoding'], coding)) continue;
			sent = name + extension;
			response.setHeader('Content-Encoding', coding);
		}
		const hash = await this.#hash(sent);
		response.setHeader('ETag', `"${hash.slice(0, 32)}"`);
		response.setHeader('Cache-Control', (await this.#isFixed(name, address)) ? IMMUTABLE : 'no-cache');
		response.setHeader('Content-Type', contentType(name));
		const { size } = await stat(join(this.#folder, name));
		if (range !== undefined && isBackward(range)) {
			response.removeHeader('Content-Type');
			response.writeHead(416, { 'Content-Range': `bytes */${size}` }).end();
			return;
		}
		await new Promise<void>((done, fail) => {
			const encoded = `/${sent.split('/').map(encodeURIComponent).join('/')}`;
			const options = { root: this.#folder, cacheControl: false, dotfiles: 'ignore', index: false } as const;
			response.once('close', done);
			send(request, encoded, options)
				.on('error', (error: Error & { status?: number; statusCode?: number }) => {
					const status = error.status ?? error.statusCode ?? 500;
					if (response.headersSent || status < 400 || status > 499) {
						fail(error);
						return;
					}
					// Headers that describe the file's bytes do not fit an answer without them.
					for (const header of ['Content-Encoding', 'Content-Type', 'ETag', 'Cache-Control', 'Content-Length']) {
						response.removeHeader(header);
					}
					response.statusCode = status;
					if (status === 416) response.setHeader('Content-Range', `bytes */${size}`);
					response.end();
				})
				.pipe(response);
		});
	}

	/** Whether the file at `address` never changes: the build says so, or the address contains its hash. */
	async #isFixed(name: string, address: string): Promise<boolean> {
		if (name.startsWith('_app/immutable/')) return true;
		const digits = address.match(HASH_DIGITS);
		if (digits === null) return false;
		const hash = await this.#hash(name);
		return digits.some((part) => hash.startsWith(part));
	}

	/** SHA-256 of a file in hexadecimal digits. */
	#hash(name: string): Promise<string> {
		return this.#remember(this.#hashes, name, async (file) => {
			const hash = createHash('sha256');
			for await (const bytes of createReadStream(file)) hash.update(bytes as Buffer);
			return hash.digest('hex');
		});
	}

	#pagePolicy(name: string): Promise<string | null> {
		return this.#remember(this.#policies, name, async (file) => pagePolicy(await readFile(file, 'utf8')));
	}

	async #remember<T>(known: Map<string, Known<T>>, name: string, read: (file: string) => Promise<T>): Promise<T> {
		const file = join(this.#folder, name);
		const { size, mtimeMs } = await stat(file);
		const stamp = `${size} ${mtimeMs}`;
		const last = known.get(name);
		if (last?.stamp === stamp) return last.value;
		const value = read(file);
		known.set(name, { stamp, value });
		value.catch(() => known.delete(name));
		return value;
	}
}

/** The name of a file relative to the build's folder; null if no file can have it. */
function fileName(path: string): string | null {
	try {
		const name = decodeURIComponent(path.replace(/^\//, ''));
		const steps = name.split('/');
		const odd = steps.some((step, index) => step.startsWith('.') || (step === '' && index < steps.length - 1));
		return odd || /[\\:\p{Cc}]/u.test(name) ? null : name;
	} catch {
		return null;
	}
}

function contentType(name: string): string {
	const type = lookup(name) ?? 'application/octet-stream';
	return /^text\/|javascript|json|xml/.test(type) ? `${type}; charset=utf-8` : type;
}

/** Whether an Accept-Encoding header allows this coding. */
export function accepts(header: string | string[] | undefined, coding: string): boolean {
	const listed = String(header ?? '')
		.toLowerCase()
		.split(',');
	return listed.some((part) => {
		const [name = '', ...parameters] = part.split(';').map((piece) => piece.trim());
		return name === coding && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
	});
}

/** A range whose end is before its start. */
function isBackward(range: string): boolean {
	const [, first, last] = /^\s*bytes\s*=\s*(\d+)\s*-\s*(\d+)\s*$/i.exec(range) ?? [];
	return first !== undefined && last !== undefined && Number(last) < Number(first);
}
