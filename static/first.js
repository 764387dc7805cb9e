// Before all else: the canvas in the colours that the visitor chose, until the style sheet is there; and the worker, which
// takes longest to be ready. The page's own code takes it over (src/lib/client/early-worker.ts).
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
	if (theme === 'light' || theme === 'dark') document.querySelector('meta[name=color-scheme]').content = theme;

	const { src, dataset } = document.currentScript;
	if (dataset.worker) {
		try {
			const worker = new Worker(dataset.worker, { type: 'module' });
			const early = { worker, said: [], failed: false };
			worker.onmessage = ({ data }) => early.said.push(data);
			worker.onerror = worker.onmessageerror = () => (early.failed = true);
			// See src/lib/state/known-backend.ts.
			const { report = null, agent, untilMs } = kept('mien.backend');
			worker.postMessage({
				type: 'start',
				baseUrl: new URL('.', src).href,
				backend: 'auto',
				model: typeof modelId === 'string' ? modelId : null,
				firstFaceId: 1,
				known: agent === navigator.userAgent && Date.now() < untilMs ? report : null
			});
			window.mienWorker = early;
		} catch {
			// The page's own code starts one, and tells where that fails.
		}
	}
}
