/** Workers next to the session's own, for queues of pictures that several can share. */
import type { Analyser } from '../client/analyser';
import type { FrameResult } from '../core/types';
import type { FrameOptions, GrabbedFrame, WorkerSettings } from '../protocol';
import type { Session } from './session.svelte';

/** Each holds a copy of the models and of what they compute: 120 MB. */
const MOST = 3;
/** A device with this many gigabytes of memory or less has little. */
const LITTLE_GB = 4;
const MOST_WITH_LITTLE = 1;

/** What a device has; some browsers do not tell its memory. */
export type Device = Pick<Navigator, 'hardwareConcurrency'> & { readonly deviceMemory?: number };

export type SideAnalyser = Pick<Analyser, 'start' | 'configure' | 'busy' | 'analyse' | 'dispose'>;

/** One more worker, which reads with the settings that are in force. */
export class SideWorker {
	readonly #analyser: SideAnalyser;
	readonly #inForce: () => WorkerSettings | null;
	#configured: WorkerSettings | null = null;

	constructor(analyser: SideAnalyser, inForce: () => WorkerSettings | null) {
		this.#analyser = analyser;
		this.#inForce = inForce;
	}

	/** Whether it is reading a picture; one that nobody waits for any more is still read to the end. */
	get busy(): boolean {
		return this.#configured === this.#inForce() && this.#analyser.busy;
	}

	/**
	 * Like Analyser's, but also null if it had to start or apply other settings first, as nobody may want the picture
	 * by then, and if other settings came into force in the meantime.
	 */
	async analyse(picture: GrabbedFrame, options: FrameOptions): Promise<FrameResult | null> {
		const wanted = this.#inForce();
		if (wanted !== null && wanted !== this.#configured) {
			picture.close();
			await this.#analyser.start(wanted.models[0]);
			await this.#analyser.configure(wanted);
			this.#configured = wanted;
			return null;
		}
		const result = await this.#analyser.analyse(picture, options);
		return this.#inForce() === wanted ? result : null;
	}

	dispose(): void {
		this.#analyser.dispose();
	}
}

/** As many as are worth it: one for each core that the session's own leaves; none with a GPU, as there is only one. */
export function startSideWorkers(
	session: Pick<Session, 'backend' | 'inForce'>,
	createAnalyser: () => SideAnalyser,
	{ hardwareConcurrency, deviceMemory = Infinity }: Device
): readonly SideWorker[] {
	const { backend } = session;
	const most = deviceMemory <= LITTLE_GB ? MOST_WITH_LITTLE : MOST;
	const count = backend?.chosen === 'wasm' ? Math.max(0, Math.min(most, hardwareConcurrency - backend.threads)) : 0;
	return Array.from({ length: count }, () => new SideWorker(createAnalyser(), () => session.inForce));
}
