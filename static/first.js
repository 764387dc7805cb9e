// Before all else: the canvas in the colours that the visitor chose, until the style sheet is there; and the worker, which
// takes longest to be ready. The page's own code takes it over (src/lib/client/early-worker.ts).
{
	let settings = {};
	try {
		settings = JSON.parse(localStorage.getItem('mien.settings')) ?? {};
	} catch {
		// Nothing may be stored: the system's colours and the first model.
	}
	const { theme, modelId } = settings;
	if (theme === 'light' || theme === 'dark') document.querySelector('meta[name=color-scheme]').content = theme;

	const { src, dataset } = document.currentScript;
	if (dataset.worker) {
		try {
			const worker = new Worker(dataset.worker, { type: 'module' });
			const early = { worker, said: [], failed: false };
			worker.onmessage = ({ data }) => early.said.push(data);
			worker.onerror = worker.onmessageerror = () => (early.failed = true);
			worker.postMessage({
				type: 'start',
				baseUrl: new URL('.', src).href,
				backend: 'auto',
				model: typeof modelId === 'string' ? modelId : null,
				firstFaceId: 1
			});
			window.mienWorker = early;
		} catch {
			// The page's own code starts one, and tells where that fails.
		}
	}
}
