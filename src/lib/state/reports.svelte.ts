/** The models' reports, fetched once each. */
import { AppError, toAppError } from '../errors';
import type { ClassifierEntry } from '../manifest';
import { parseReport, type Report } from '../report';

export type ReportState =
	| { readonly kind: 'loading' }
	/** The site has none for this model. */
	| { readonly kind: 'missing' }
	| { readonly kind: 'failed'; readonly error: AppError }
	| { readonly kind: 'ready'; readonly report: Report };

const LIMIT_MS = 20_000;

export class Reports {
	#states: Readonly<Record<string, ReportState>> = $state.raw({});
	readonly #fetchFile: (path: string) => Promise<Response>;

	/** `fetchFile` gets the path of a file in static/. */
	constructor(fetchFile: (path: string) => Promise<Response>) {
		this.#fetchFile = fetchFile;
	}

	/** The state of this model's report. */
	of(id: string): ReportState {
		return this.#states[id] ?? { kind: 'loading' };
	}

	/** Why a report could not be fetched, or null if none failed. */
	get error(): AppError | null {
		const failed = Object.values(this.#states).find(({ kind }) => kind === 'failed');
		return failed?.kind === 'failed' ? failed.error : null;
	}

	/**
	 * Fetches those that were not fetched yet; one that failed is tried again. Nothing is requested if the manifest has
	 * no figures, as they come from the report.
	 */
	async load(entries: readonly Pick<ClassifierEntry, 'id' | 'metrics'>[]): Promise<void> {
		const wanted = entries.filter(({ id }) => ['failed', undefined].includes(this.#states[id]?.kind));
		await Promise.all(
			wanted.map(async ({ id, metrics }) => {
				this.#set(id, { kind: 'loading' });
				this.#set(id, Object.keys(metrics).length === 0 ? { kind: 'missing' } : await this.#fetch(id));
			})
		);
	}

	#set(id: string, state: ReportState): void {
		this.#states = { ...this.#states, [id]: state };
	}

	async #fetch(id: string): Promise<ReportState> {
		try {
			const response = await this.#fetchFile(`models/${id}/report.json`);
			// Some hosts answer with a page if there is no file.
			const isPage = response.headers.get('content-type')?.includes('text/html') ?? false;
			if (response.status === 404 || isPage) return { kind: 'missing' };
			if (!response.ok) throw new AppError('report-unreachable', `HTTP ${response.status}`);
			return { kind: 'ready', report: parseReport(await readJson(response)) };
		} catch (thrown) {
			return { kind: 'failed', error: toAppError(thrown, 'report-unreachable') };
		}
	}
}

async function readJson(response: Response): Promise<unknown> {
	try {
		return await response.json();
	} catch (error) {
		throw new AppError('report-invalid', `no JSON: ${String(error)}`, error);
	}
}

/** Fetches a file of this site from below `base`, the path of its start page. */
export function siteFiles(base: string): (path: string) => Promise<Response> {
	return (path) => fetch(`${base}${path}`, { signal: AbortSignal.timeout(LIMIT_MS) });
}
