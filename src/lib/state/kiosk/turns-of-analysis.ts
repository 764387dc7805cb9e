/** Several cameras on one worker: their frames take turns, so that a fast one does not starve the others. */
import type { Analyser, AnalyserEvent } from '../../client/analyser';
import type { FrameResult } from '../../core/types';
import type { FrameOptions, GrabbedFrame } from '../../protocol';
import type { SessionAnalyser } from '../session.svelte';

export type SharedAnalyser = Pick<
	Analyser,
	'start' | 'configure' | 'busy' | 'analyse' | 'connect' | 'disconnect' | 'explain' | 'rest' | 'reset' | 'stats'
>;

interface Waiting {
	readonly stream: number;
	readonly picture: GrabbedFrame;
	readonly options: FrameOptions;
	readonly resolve: (result: FrameResult | null) => void;
	readonly reject: (error: unknown) => void;
}

export class AnalysisTurns {
	/** Oldest first. A session asks with one frame at a time, so the one served last is behind all others. */
	#queue: Waiting[] = [];
	#isServing = false;
	readonly #analyser: SharedAnalyser;
	readonly #listen: (listener: (event: AnalyserEvent) => void) => () => void;

	/** `listen`: calls the listener with each event of the analyser, until the returned function is called. */
	constructor(analyser: SharedAnalyser, listen: (listener: (event: AnalyserEvent) => void) => () => void) {
		this.#analyser = analyser;
		this.#listen = listen;
	}

	/** What looks like a separate analyser, for the session of camera `stream`, counted from 1. */
	member(stream: number, onEvent: (event: AnalyserEvent) => void): SessionAnalyser {
		const analyser = this.#analyser;
		const unlisten = this.#listen(onEvent);
		const isWaiting = () => this.#queue.some((each) => each.stream === stream);
		const start: SessionAnalyser['start'] = async (likelyModel) => {
			const ready = await analyser.start(likelyModel);
			onEvent({ type: 'ready', ...ready });
			return ready;
		};
		return {
			start,
			// One camera cannot restart the shared worker; if this does not help, the page is reloaded.
			startAnew: start,
			configure: (settings) => analyser.configure(settings),
			get busy() {
				return analyser.busy || isWaiting();
			},
			analyse: (picture, options) =>
				new Promise((resolve, reject) => {
					this.#queue.push({ stream, picture, options: { ...options, stream }, resolve, reject });
					void this.#serve();
				}),
			connect: (onLost) => analyser.connect(onLost),
			disconnect: (onLost) => analyser.disconnect(onLost),
			explain: (modelId, input) => analyser.explain(modelId, input),
			rest: (faceId, learn) => analyser.rest(faceId, learn, stream),
			reset: () => analyser.reset(stream),
			stats: () => analyser.stats(),
			// The worker is shared and stays; this camera's waiting frames are dropped.
			dispose: () => {
				unlisten();
				for (const { picture, resolve } of this.#queue.filter((each) => each.stream === stream)) {
					picture.close();
					resolve(null);
				}
				this.#queue = this.#queue.filter((each) => each.stream !== stream);
			}
		};
	}

	async #serve(): Promise<void> {
		if (this.#isServing) return;
		this.#isServing = true;
		for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
			const { picture, options, resolve, reject } = next;
			await this.#analyser.analyse(picture, options).then(resolve, reject);
		}
		this.#isServing = false;
	}
}
