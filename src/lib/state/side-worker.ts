/** Workers beside the session's own, for queues of pictures that several can share out. */
import type { Analyser } from '../client/analyser';
import type { FrameResult } from '../core/types';
import type { FrameOptions, GrabbedFrame, WorkerSettings } from '../protocol';
import type { Session } from './session.svelte';

/** Each holds a copy of the models and of what they compute, which is 120 MB. */
const MOST = 3;
/** Of a device with so many gigabytes of memory or less. */
const LITTLE_GB = 4;
const MOST_WITH_LITTLE = 1;

/** What a device has; browsers that do not tell of its memory leave it out. */
export type Device = Pick<Navigator, 'hardwareConcurrency'> & { readonly deviceMemory?: number };

export type SideAnalyser = Pick<Analyser, 'start' | 'configure' | 'busy' | 'analyse' | 'dispose'>;

/** One more worker, which reads by the settings that are in force. */
export class SideWorker {
	readonly #analyser: SideAnalyser;
	readonly #inForce: () => WorkerSettings | null;
	#configured: WorkerSettings | null = null;

	constructor(analyser: SideAnalyser, inForce: () => WorkerSettings | null) {
		this.#analyser = analyser;
		this.#inForce = inForce;
	}

	/** Whether it reads a picture: one that nobody waits for any more is read to its end. */
	get busy(): boolean {
		return this.#configured === this.#inForce() && this.#analyser.busy;
	}

	/**
	 * As Analyser's; null, too, where it had to start or to take other settings first, as nobody may want the picture any more
	 * by then, and where others came into force meanwhile.
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

/** As many as are worth it: one for each core that the session's own leaves, and none beside a GPU, which there is one of. */
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
