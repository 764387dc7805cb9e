/**
 * Caches the app, the detectors and the models that were used, so that the site works offline. A version is cached as a
 * whole or not at all, and only takes over once no page of the previous version is open, or a page asks for it.
 */
import { base, prerendered, version } from '$service-worker';

const worker = globalThis as unknown as ServiceWorkerGlobalScope;

const PREFIX = 'mien-';
const CACHE = `${PREFIX}${version}`;
/** The build's list of files. */
const LIST = `${base}/offline.json`;
const FETCHES = 4;

interface OfflineList {
	readonly version: string;
	/** Below the site's base. */
	readonly files: readonly string[];
	/** Files of models, cached only if used, by the name of their folder. */
	readonly models: Readonly<Partial<Record<string, readonly string[]>>>;
}

const PAGES: ReadonlySet<string> = new Set(prerendered);

worker.addEventListener('install', (event) => {
	event.waitUntil(install());
});

worker.addEventListener('activate', (event) => {
	// Claims the pages of a first visit, so that what they fetch from now on is cached.
	event.waitUntil(Promise.all([worker.clients.claim(), removeOlder()]));
});

worker.addEventListener('message', ({ data }: ExtendableMessageEvent) => {
	if (data === 'take-over') void worker.skipWaiting();
});

worker.addEventListener('fetch', (event) => {
	const { request } = event;
	const { origin, pathname } = new URL(request.url);
	if (request.method !== 'GET' || origin !== location.origin || request.headers.has('range')) return;
	// Leaves everything else on this site, such as proxied cameras and brokers, alone.
	if (PAGES.has(pathname) || isKept(pathname.slice(base.length))) event.respondWith(answer(request, pathname));
});

function isKept(path: string): boolean {
	return /^\/(_app|models|samples|icons)\/|^\/(favicon\.svg|manifest\.webmanifest|notices\.txt)$/.test(path);
}

async function answer(request: Request, path: string): Promise<Response> {
	const cache = await caches.open(CACHE);
	const found = await cache.match(path, { ignoreVary: true });
	if (found !== undefined) return found;
	// A page of the previous version may still be open, and request a part of it.
	const older = path.startsWith(`${base}/_app/immutable/`) ? await caches.match(path, { ignoreVary: true }) : undefined;
	if (older !== undefined) return older;
	const response = await fetch(request);
	if (response.status === 200 && response.type === 'basic' && /\/(models|samples)\//.test(path)) {
		// If there is no space left, the response still serves this request.
		await cache.put(path, response.clone()).catch(() => undefined);
	}
	return response;
}

async function install(): Promise<void> {
	try {
		const cache = await caches.open(CACHE);
		const list = await fetchList();
		const files = list.files.map((file) => base + file);
		const wanted = [...new Set([...PAGES, ...files, ...(await usedModels(list))])];
		const fetchNext = async (): Promise<void> => {
			for (let path = wanted.pop(); path !== undefined; path = wanted.pop()) await keep(cache, path);
		};
		await Promise.all(Array.from({ length: FETCHES }, fetchNext));
		// The site may have been replaced in the meantime: a mix of two versions is useless.
		await fetchList();
	} catch (error) {
		await caches.delete(CACHE);
		throw error;
	}
}

/** The list of this version's files. Throws if the server has another version by now. */
async function fetchList(): Promise<OfflineList> {
	const response = await fetch(LIST, { cache: 'no-store' });
	const list = (await response.json()) as OfflineList;
	if (list.version !== version) throw new Error(`The server has version ${list.version} and not ${version}`);
	return list;
}

async function keep(cache: Cache, path: string): Promise<void> {
	// Files with a hash in their name never change; the rest is revalidated, which costs a response without a body.
	const response = await fetch(path, { cache: path.includes('/_app/immutable/') ? 'default' : 'no-cache' });
	if (!response.ok) throw new Error(`${path}: HTTP ${response.status}`);
	// A redirected response must not answer a navigation.
	await cache.put(
		path,
		response.redirected ? new Response(await response.blob(), { headers: response.headers }) : response
	);
}

/**
 * Addresses below models/ that earlier versions cached, if they still exist; and the current files of models whose
 * weights were cached, as these may have new names.
 */
async function usedModels(list: OfflineList): Promise<string[]> {
	const kept = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
	const requests = await Promise.all(kept.map(async (name) => (await caches.open(name)).keys()));
	const paths = requests.flat().map(({ url }) => new URL(url).pathname);
	const models = paths.filter((path) => path.startsWith(`${base}/models/`));
	const weighed = models.filter((path) => path.endsWith('.bin')).map((path) => path.split('/').at(-2) ?? '');
	const renewed = [...new Set(weighed)].flatMap((folder) => list.models[folder] ?? []).map((file) => base + file);
	const checks = await Promise.all(
		models.map(async (path) => ((await fetch(path, { method: 'HEAD', cache: 'no-store' })).ok ? path : null))
	);
	return [...checks.filter((path) => path !== null), ...renewed];
}

/** Removes older versions, unless a page that began with one may still be open. */
async function removeOlder(): Promise<void> {
	const open = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
	if (open.length > 1) return;
	const names = await caches.keys();
	// Versions are timestamps; a newer one is being installed.
	const older = names.filter((name) => name.startsWith(PREFIX) && Number(name.slice(PREFIX.length)) < Number(version));
	await Promise.all(older.map((name) => caches.delete(name)));
}
