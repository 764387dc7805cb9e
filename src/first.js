// Runs first: sets the visitor's colour theme, and starts the worker, which takes longest to be ready. The page's own
// code takes the worker over (src/lib/client/early-worker.ts). This script is inlined in each page:
// src/hooks.server.ts.
{
	const kept = (key) => {
		try {
			return JSON.parse(localStorage.getItem(key)) ?? {};
		} catch {
			// Without storage: the system's colours, the first model, and a trial of all back ends.
			return {};
		}
	};
	const { theme, modelId } = kept('mien.settings');
	if (theme === 'light' || theme === 'dark') {
		document.querySelector('meta[name=color-scheme]').content = theme;
		document.documentElement.dataset.theme = theme;
	}

	// Remembers the last click on a button that does not work yet: src/lib/state/early-click.ts.
	addEventListener(
		'click',
		({ target }) => {
			if (window.mienClicked !== null) window.mienClicked = target.closest('button') ?? undefined;
		},
		true
	);

	// The browser would open a dropped file instead of the page: a kiosk would stop, and results would be lost. What is
	// dropped too early is kept: src/lib/components/shared/dropped-files.ts.
	const stayHere = (event) => {
		const { type, target, dataTransfer } = event;
		if (target.type === 'file' || !dataTransfer?.types.includes('Files')) return;
		event.preventDefault();
		if (type === 'drop' && window.mienDropped !== null)
			window.mienDropped = {
				files: [...dataTransfer.files],
				entries: [...dataTransfer.items].map((item) => item.webkitGetAsEntry())
			};
	};
	addEventListener('dragover', stayHere);
	addEventListener('drop', stayHere);

	// If a script of the page cannot be loaded, by its tag or an import, app.css shows the message in src/app.html, and
	// the page is reloaded later. There may be nobody to reload a kiosk.
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
			// The page's own code then starts one, and reports if that fails.
		}
	}
}
