/**
 * Keeps the app, the detectors and the models that were used, so that the site opens without a network. A version is
 * kept as a whole or not at all, and runs only once no page of the one before it is open, or a page asks for it.
 */
import { base, prerendered, version } from '$service-worker';

const worker = globalThis as unknown as ServiceWorkerGlobalScope;

const PREFIX = 'mien-';
const CACHE = `${PREFIX}${version}`;
/** What the build says that there is. */
const LIST = `${base}/offline.json`;
const FETCHES = 4;

interface OfflineList {
	readonly version: string;
	/** Below the site's base. */
	readonly files: readonly string[];
	/** Files of models that are kept where they are used, by the name of their folder. */
	readonly models: Readonly<Partial<Record<string, readonly string[]>>>;
}

const PAGES: ReadonlySet<string> = new Set(prerendered);

worker.addEventListener('install', (event) => {
	event.waitUntil(install());
});

worker.addEventListener('activate', (event) => {
	// The pages of a first visit: what they fetch from now on is kept.
	event.waitUntil(Promise.all([worker.clients.claim(), removeOlder()]));
});

worker.addEventListener('message', ({ data }: ExtendableMessageEvent) => {
	if (data === 'take-over') void worker.skipWaiting();
});

worker.addEventListener('fetch', (event) => {
	const { request } = event;
	const { origin, pathname } = new URL(request.url);
	if (request.method !== 'GET' || origin !== location.origin || request.headers.has('range')) return;
	// Cameras and brokers below this site, and whatever else it may have, are none of ours.
	if (PAGES.has(pathname) || isKept(pathname.slice(base.length))) event.respondWith(answer(request, pathname));
});

function isKept(path: string): boolean {
	return /^\/(_app|models|samples|icons)\/|^\/(favicon\.svg|manifest\.webmanifest|notices\.txt)$/.test(path);
}

async function answer(request: Request, path: string): Promise<Response> {
	const cache = await caches.open(CACHE);
	const found = await cache.match(path, { ignoreVary: true });
	if (found !== undefined) return found;
	// A page of the version before may still be open, and ask for a part of it.
	const older = path.startsWith(`${base}/_app/immutable/`) ? await caches.match(path, { ignoreVary: true }) : undefined;
	if (older !== undefined) return older;
	const response = await fetch(request);
	if (response.status === 200 && response.type === 'basic' && /\/(models|samples)\//.test(path)) {
		// Where there is no room left, the answer is good for now.
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
		// The site may have been replaced meanwhile: half of one and half of the other is none.
		await fetchList();
	} catch (error) {
		await caches.delete(CACHE);
		throw error;
	}
}

/** The list of this version's files. Throws where the server has another version by now. */
async function fetchList(): Promise<OfflineList> {
	const response = await fetch(LIST, { cache: 'no-store' });
	const list = (await response.json()) as OfflineList;
	if (list.version !== version) throw new Error(`The server has version ${list.version} and not ${version}`);
	return list;
}

async function keep(cache: Cache, path: string): Promise<void> {
	// What has a hash in its name is as it was; the rest is asked for again, which costs an answer without a body.
	const response = await fetch(path, { cache: path.includes('/_app/immutable/') ? 'default' : 'no-cache' });
	if (!response.ok) throw new Error(`${path}: HTTP ${response.status}`);
	// An answer after a redirection is none for a navigation.
	await cache.put(
		path,
		response.redirected ? new Response(await response.blob(), { headers: response.headers }) : response
	);
}

/**
 * Addresses below models/ that the version before kept, where they are still there; and the files of models whose weights it
 * kept, which may have other names by now: these models are wanted again.
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
	// Versions are times; a newer one is on its way.
	const older = names.filter((name) => name.startsWith(PREFIX) && Number(name.slice(PREFIX.length)) < Number(version));
	await Promise.all(older.map((name) => caches.delete(name)));
}
