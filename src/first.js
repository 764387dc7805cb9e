// Before all else: the page in the colours that the visitor chose; and the worker, which takes longest to be ready. The
// page's own code takes it over (src/lib/client/early-worker.ts). It stands in each page itself: src/hooks.server.ts.
{
	const kept = (key) => {
		try {
			return JSON.parse(localStorage.getItem(key)) ?? {};
		} catch {
			// Nothing may be stored: the system's colours, the first model, and a trial of all back ends.
			return {};
		}
	};
	const { theme, modelId } = kept('mien.settings');
	if (theme === 'light' || theme === 'dark') {
		document.querySelector('meta[name=color-scheme]').content = theme;
		document.documentElement.dataset.theme = theme;
	}

	// The last click on what does not run yet: src/lib/state/early-click.ts.
	addEventListener(
		'click',
		({ target }) => {
			if (window.mienClicked !== null) window.mienClicked = target.closest('button') ?? undefined;
		},
		true
	);

	// A script of the page that did not come, by its tag or its import: app.css then shows what src/app.html says of it, and
	// another try follows. Nobody may be there to reload a kiosk.
	const page = document.documentElement;
	const tryAgain = () => {
		if (page.dataset.running === undefined) location.reload();
	};
	const tellCut = ({ target, reason }) => {
		if (!(reason instanceof TypeError || target.rel === 'modulepreload') || page.dataset.cut === '') return;
		page.dataset.cut = '';
		setTimeout(tryAgain, 30_000);
	};
	addEventListener('error', tellCut, true);
	addEventListener('unhandledrejection', tellCut);
	if (/\/kiosk\/?$/.test(location.pathname)) setTimeout(tryAgain, 180_000);

	const { base, start } = document.currentScript.dataset;
	const { worker: script, wasm, files, first, firstFiles } = JSON.parse(start);
	const baseUrl = new URL(`${base}/`, document.baseURI).href;
	if (script !== undefined) {
		try {
			const worker = new Worker(baseUrl + script, { type: 'module' });
			const early = { worker, said: [], failed: false };
			worker.onmessage = ({ data }) => early.said.push(data);
			worker.onerror = worker.onmessageerror = () => (early.failed = true);
			// See src/lib/state/known-backend.ts.
			const { report = null, agent, untilMs } = kept('mien.backend');
			const known = agent === navigator.userAgent && Date.now() < untilMs ? report : null;
			const model = typeof modelId === 'string' ? modelId : null;
			worker.postMessage({
				type: 'start',
				baseUrl,
				backend: 'auto',
				model,
				firstFaceId: 1,
				known,
				ahead: model === null || model === first ? [...files, ...firstFiles] : files
			});
			window.mienWorker = early;
			if (known === null || known.chosen === 'wasm') {
				const link = document.createElement('link');
				const threads = window.crossOriginIsolated && navigator.hardwareConcurrency > 2;
				Object.assign(link, { rel: 'preload', as: 'fetch', crossOrigin: '', href: baseUrl + wasm[threads ? 1 : 0] });
				document.head.append(link);
			}
		} catch {
			// The page's own code starts one, and tells where that fails.
		}
	}
}
