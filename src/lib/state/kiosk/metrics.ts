/** What a kiosk page reports to its server for `npm start -- --metrics`: numbers only (src/server/metrics.ts). */

const EVERY_MS = 15_000;
/** A server that takes no reports is asked again after this long. */
const REFUSED_MS = 600_000;
const ANSWER_LIMIT_MS = 5000;

/** Counts since the kiosk was opened, and its current state. */
export interface MetricsSample {
	/** Pictures from the camera; null if its source does not count them. */
	readonly arrived: number | null;
	readonly analysed: number;
	readonly inferenceMs: number | null;
	readonly faces: number;
	readonly incidents: number;
	readonly heapMb: number | null;
	readonly up: boolean;
}

/** The report for what happened between two samples `seconds` apart; names as in Frigate's metrics. */
export function metricsReport(
	kiosk: string,
	before: MetricsSample,
	now: MetricsSample,
	seconds: number
): Readonly<Record<string, string | number>> {
	const rate = (from: number, to: number): number => Number((Math.max(0, to - from) / seconds).toFixed(2));
	const processFps = rate(before.analysed, now.analysed);
	// A reopened source counts from zero.
	const counts = before.arrived !== null && now.arrived !== null && now.arrived >= before.arrived;
	const cameraFps = counts ? rate(before.arrived, now.arrived) : null;
	const { faces, incidents, inferenceMs, heapMb } = now;
	const figures = {
		cameraFps,
		processFps,
		skippedFps: cameraFps === null ? null : Math.max(0, Number((cameraFps - processFps).toFixed(2))),
		inferenceMs: inferenceMs === null ? null : Number(inferenceMs.toFixed(1)),
		faces,
		incidents,
		heapMb: heapMb === null ? null : Number(heapMb.toFixed(1)),
		up: now.up ? 1 : 0
	};
	const known = Object.entries(figures).filter((entry): entry is [string, number] => entry[1] !== null);
	return { kiosk: kiosk.replaceAll(/[^\w .:/-]/g, '_').slice(0, 64), ...Object.fromEntries(known) };
}

/** Reports to `url` until `signal` aborts. A server that is unreachable or takes none costs only the request. */
export function reportMetrics(url: string, kiosk: string, sample: () => MetricsSample, signal: AbortSignal): void {
	let before = sample();
	let beforeMs = performance.now();
	let dueMs = beforeMs;
	const timer = setInterval(() => {
		const nowMs = performance.now();
		const now = sample();
		const body = JSON.stringify(metricsReport(kiosk, before, now, (nowMs - beforeMs) / 1000));
		before = now;
		beforeMs = nowMs;
		if (nowMs < dueMs) return;
		fetch(url, {
			method: 'POST',
			headers: { 'Content-Type': 'application/json' },
			body,
			signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_LIMIT_MS)])
		}).then(
			(response) => {
				if (response.ok) return;
				dueMs = performance.now() + REFUSED_MS;
				console.info(`The server takes no reports (status ${response.status}): start it with --metrics.`);
			},
			() => undefined
		);
	}, EVERY_MS);
	signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}
