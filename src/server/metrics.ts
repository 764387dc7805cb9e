/** Figures for Prometheus: about this process, and those that kiosk pages report. Numbers only, no pictures. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import { tell } from './proxy';

const MAX_REPORT_BYTES = 4096;
const MAX_KIOSKS = 100;
/** A kiosk that is silent for this long is gone: no figures are better than old ones. */
const STALE_MS = 180_000;

/** What a report may hold besides `kiosk`, by its name there; the metrics are named after Frigate's. */
const FIGURES = {
	cameraFps: ['mien_camera_fps', 'Pictures per second from the camera'],
	processFps: ['mien_process_fps', 'Pictures per second that are analysed'],
	skippedFps: ['mien_skipped_fps', 'Pictures per second that are skipped'],
	inferenceMs: ['mien_inference_milliseconds', 'Milliseconds to analyse a picture'],
	faces: ['mien_faces', 'Faces in view'],
	incidents: ['mien_incidents', 'Incidents since the kiosk was opened'],
	heapMb: ['mien_page_heap_megabytes', 'Script heap of the page in megabytes'],
	up: ['mien_kiosk_up', '1 if pictures arrive, 0 if not']
} as const;
type Figure = keyof typeof FIGURES;
const KIOSK = /^[\w .:/-]{1,64}$/;

/** A report of a kiosk page, checked. */
export interface Report {
	readonly kiosk: string;
	readonly figures: ReadonlyMap<Figure, number>;
}

/** Reads a report from a kiosk page. Throws an Error that says what is wrong. */
export function parseReport(text: string): Report {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		throw new Error('a report must be JSON');
	}
	if (typeof value !== 'object' || value === null || Array.isArray(value))
		throw new Error('a report must be a JSON object');
	const { kiosk, ...rest } = value as Record<string, unknown>;
	if (typeof kiosk !== 'string' || !KIOSK.test(kiosk)) {
		throw new Error('"kiosk" must be a name of up to 64 letters, digits, spaces and . : / _ -');
	}
	const figures = new Map<Figure, number>();
	for (const [name, figure] of Object.entries(rest)) {
		if (!Object.hasOwn(FIGURES, name))
			throw new Error(`"${name.slice(0, 40)}" is not one of ${Object.keys(FIGURES).join(', ')}`);
		if (typeof figure !== 'number' || !Number.isFinite(figure)) throw new Error(`"${name}" must be a number`);
		figures.set(name as Figure, figure);
	}
	return { kiosk, figures };
}

export class Metrics {
	readonly #registry = new Registry();
	readonly #gauges: ReadonlyMap<Figure, Gauge>;
	readonly #reports: Counter;
	/** When each kiosk reported last. */
	readonly #seen = new Map<string, number>();
	readonly #now: () => number;

	constructor(now: () => number = () => performance.now()) {
		this.#now = now;
		collectDefaultMetrics({ register: this.#registry });
		const registers = [this.#registry];
		this.#gauges = new Map(
			Object.entries(FIGURES).map(([figure, [name, help]]) => [
				figure as Figure,
				new Gauge({ name, help, labelNames: ['kiosk'], registers })
			])
		);
		this.#reports = new Counter({ name: 'mien_reports_total', help: 'Reports of kiosk pages', registers });
	}

	/** Answers GET /metrics, and POST /metrics/report from a page of this site; false for anything else. */
	async serve(request: IncomingMessage, response: ServerResponse, path: string, ofThisSite: boolean): Promise<boolean> {
		if (path === '/metrics' && (request.method === 'GET' || request.method === 'HEAD')) {
			this.#forgetStale();
			response.setHeader('Content-Type', this.#registry.contentType).setHeader('Cache-Control', 'no-store');
			response.end(await this.#registry.metrics());
			return true;
		}
		if (path !== '/metrics/report') return false;
		if (request.method !== 'POST') {
			response.setHeader('Allow', 'POST');
			tell(response, 405, 'Reports are sent by POST.');
		} else if (!ofThisSite) tell(response, 403, 'Only pages of this site report here.');
		else await this.#take(request, response);
		return true;
	}

	async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
		let text = '';
		for await (const piece of request) {
			text += String(piece);
			if (text.length > MAX_REPORT_BYTES) {
				response.setHeader('Connection', 'close');
				tell(response, 413, `A report has at most ${MAX_REPORT_BYTES} bytes.`);
				return;
			}
		}
		try {
			const { kiosk, figures } = parseReport(text);
			this.#forgetStale();
			if (!this.#seen.has(kiosk) && this.#seen.size >= MAX_KIOSKS)
				throw new Error(`at most ${MAX_KIOSKS} kiosks report here`);
			this.#seen.set(kiosk, this.#now());
			for (const [figure, value] of figures) this.#gauges.get(figure)?.set({ kiosk }, value);
			this.#reports.inc();
			response.writeHead(204).end();
		} catch (error) {
			tell(response, 400, `This report cannot be read: ${(error as Error).message}.`);
		}
	}

	#forgetStale(): void {
		for (const [kiosk, seenMs] of this.#seen) {
			if (this.#now() - seenMs <= STALE_MS) continue;
			this.#seen.delete(kiosk);
			for (const gauge of this.#gauges.values()) gauge.remove({ kiosk });
		}
	}
}
