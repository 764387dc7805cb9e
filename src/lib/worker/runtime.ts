/** The worker's logic behind its messages: holds the current settings and the state of the analysis. */
import { analyse, INITIAL_STATE, type AnalysisState, type AnalysisTools } from '../core/analyse';
import { VIEWS } from '../core/crop';
import { withPrior } from '../core/prior';
import { forgetRest, learnRest } from '../core/resting';
import { explainByOcclusion } from '../core/saliency';
import { glanceDetector, STILL_LIMITS } from '../core/tiles';
import type { Classifier, FaceDetector, Frame, Prior, Use } from '../core/types';
import { AppError, toAppError } from '../errors';
import { failureOf } from './failure';
import type { FrameOptions, FromWorker, GrabbedFrame, ToWorker, WorkerSettings } from '../protocol';

type FrameMessage = Extract<ToWorker, { type: 'frame' }>;
type ExplainMessage = Extract<ToWorker, { type: 'explain' }>;

export interface RuntimeOptions {
	readonly detector: FaceDetector;
	/** The far detector, loaded on first request. Rejects with an AppError if it cannot be loaded. */
	readonly farDetector: () => Promise<FaceDetector>;
	readonly registry: {
		classifier(id: string): Promise<Classifier>;
		priorRatio(id: string, prior: Prior, use: Use): readonly number[] | undefined;
		retain(ids: readonly string[]): void;
	};
	/** Runs tasks one after another. */
	readonly exclusively: <T>(task: () => Promise<T>) => Promise<T>;
	/** Pixels of a picture, valid until the next one is read; does not close it. */
	readonly readFrame: (picture: GrabbedFrame) => Promise<Frame>;
	/** Id of the first tracked face, from 1. */
	readonly firstFaceId: number;
	/** Milliseconds of a monotonic clock. */
	readonly now: () => number;
	readonly post: (message: FromWorker) => void;
}

/** The initial state; the next new face gets this id. */
function startingAt(nextId: number): AnalysisState {
	return { ...INITIAL_STATE, tracker: { ...INITIAL_STATE.tracker, nextId } };
}

interface Active {
	readonly generation: number;
	readonly settings: WorkerSettings;
	readonly classifiers: readonly Classifier[];
}

type AskedOfRest = Pick<Extract<ToWorker, { type: 'rest' }>, 'stream' | 'faceId' | 'learn'>;

interface FarLoading {
	arrived: FaceDetector | null;
	failure?: AppError;
}

export class Runtime {
	readonly #options: RuntimeOptions;
	#newestGeneration = 0;
	#active: Active | null = null;
	/** By stream. */
	readonly #states = new Map<number, AnalysisState>();
	#analysing = false;
	/** The far detector's loading, for hurried frames. */
	#far: FarLoading | null = null;
	/** Requests since the last frame of their streams: applied before the next, to keep a running frame's state. */
	#askedOfRest: readonly AskedOfRest[] = [];

	constructor(options: RuntimeOptions) {
		this.#options = options;
	}

	/**
	 * Loads the models of these settings, then switches to them; until then, and if that fails, the previous ones keep
	 * running. Posts 'configured' or 'failed', or nothing if newer settings came in the meantime. Never rejects.
	 */
	async configure(generation: number, settings: WorkerSettings): Promise<void> {
		const { registry, exclusively, post } = this.#options;
		this.#newestGeneration = generation;
		try {
			const { models, prior, use } = settings;
			const classifiers = await Promise.all(
				models.map(async (id) => withPrior(await registry.classifier(id), registry.priorRatio(id, prior, use)))
			);
			if (generation !== this.#newestGeneration) return;
			// What is known about faces at rest was learned with the previous weights of labels.
			const counted = this.#active?.settings;
			if (counted !== undefined && (counted.prior !== prior || counted.use !== use))
				for (const [stream, state] of this.#states) this.#states.set(stream, { ...state, resting: new Map() });
			this.#active = { generation, settings, classifiers };
			post({ type: 'configured', generation });
			// A running frame may still need the previous models.
			await exclusively(() => {
				if (generation === this.#newestGeneration) registry.retain(settings.models);
				return Promise.resolve();
			});
		} catch (thrown) {
			const failure = failureOf(thrown, 'model-invalid');
			if (generation === this.#newestGeneration) post({ type: 'failed', generation, failure });
		}
	}

	/** Analyses and closes the picture. Posts 'result', 'failed', or 'dropped'. Never rejects. */
	async analyse({ generation, frameId, picture, options }: FrameMessage): Promise<void> {
		const { exclusively, now, post } = this.#options;
		const { timeMs, still, stream = 0 } = options;
		const active = this.#active;
		const drop = (): void => {
			post({ type: 'dropped', generation, frameId });
		};
		if (active?.generation !== generation || this.#analysing) {
			picture.close();
			drop();
			return;
		}
		this.#analysing = true;
		try {
			const detectors = await this.#detectors(options);
			// The models may have been disposed while a detector was loaded; from here on that waits for this frame.
			if (this.#active !== active) {
				drop();
				return;
			}
			if (!still) this.#takeRest(stream);
			const before = this.#stateOf(stream);
			const analysed = await exclusively(async () => {
				const startMs = now();
				const frame = await this.#options.readFrame(picture);
				// At once, as a camera only lends a few pictures.
				picture.close();
				// WebKitGTK sometimes gives an empty bitmap of a camera: that must not count as a picture without
				// faces.
				if (!still && isEmpty(frame)) return null;
				const readMs = now() - startMs;
				return analyse(
					frame,
					{ ...detectors, classifiers: active.classifiers, now },
					{
						...active.settings,
						...(still && { maxFaces: STILL_LIMITS.maxFaces }),
						timeMs,
						still,
						readMs,
						views: VIEWS[active.settings.use]
					},
					before
				);
			});
			if (analysed === null) {
				drop();
				return;
			}
			const { state, result } = analysed;
			// After a reset, discard this frame's state too.
			if (this.#stateOf(stream) === before) this.#states.set(stream, state);
			post({ type: 'result', generation, frameId, result });
		} catch (thrown) {
			post({ type: 'failed', generation, frameId, failure: failureOf(thrown, 'analysis-failed') });
		} finally {
			picture.close();
			this.#analysing = false;
		}
	}

	/** Posts 'explained' or 'failed'. Frames may run between its slices. Never rejects. */
	async explain({ requestId, modelId, input }: ExplainMessage): Promise<void> {
		const { exclusively, post } = this.#options;
		try {
			const classifier = this.#active?.classifiers.find(({ id }) => id === modelId);
			if (classifier === undefined) throw new AppError('model-unknown', `The model "${modelId}" is not running`);
			const explanation = await explainByOcclusion(classifier, input, exclusively);
			post({ type: 'explained', requestId, explanation });
		} catch (thrown) {
			post({ type: 'failed', requestId, failure: failureOf(thrown, 'analysis-failed') });
		}
	}

	/** Looks at this face at rest from the next frame on, or reads it like any other again. */
	rest(asked: AskedOfRest): void {
		this.#askedOfRest = [...this.#askedOfRest, asked];
	}

	/** Forgets a stream's tracked faces, how they look at rest, and smoothed values; ids continue. */
	reset(stream = 0): void {
		this.#askedOfRest = this.#askedOfRest.filter((asked) => asked.stream !== stream);
		this.#states.set(stream, startingAt(this.#stateOf(stream).tracker.nextId));
	}

	/**
	 * The far detector, or null while it is loading. Throws a loading error once; the next call starts loading again.
	 */
	#farNow(): FaceDetector | null {
		const { arrived, failure } = (this.#far ??= this.#loadFar());
		if (failure === undefined) return arrived;
		this.#far = null;
		throw failure;
	}

	#loadFar(): FarLoading {
		const loading: FarLoading = { arrived: null };
		this.#options.farDetector().then(
			(far) => (loading.arrived = far),
			(thrown: unknown) => (loading.failure = toAppError(thrown, 'analysis-failed'))
		);
		return loading;
	}

	#stateOf(stream: number): AnalysisState {
		const state = this.#states.get(stream) ?? startingAt(this.#options.firstFaceId);
		this.#states.set(stream, state);
		return state;
	}

	#takeRest(stream: number): void {
		const asked = this.#askedOfRest.filter((each) => each.stream === stream);
		this.#askedOfRest = this.#askedOfRest.filter((each) => each.stream !== stream);
		for (const { faceId, learn } of asked) {
			const state = this.#stateOf(stream);
			const resting = (learn ? learnRest : forgetRest)(state.resting, faceId);
			this.#states.set(stream, { ...state, resting });
		}
	}

	async #detectors({
		still,
		smallestFacePx,
		hurried = false
	}: FrameOptions): Promise<Pick<AnalysisTools, 'detector' | 'far'>> {
		const { detector } = this.#options;
		if (smallestFacePx === null) return { detector: still ? glanceDetector(detector) : detector };
		const far = hurried ? this.#farNow() : await this.#options.farDetector();
		if (far === null) return { detector };
		if (!still) return { detector, far: { detector: far, smallestFacePx } };
		// Loaded on demand: a first look does not need this code.
		const [{ thoroughDetector }, { inAnyTurn }] = await Promise.all([
			import('../core/still'),
			import('../core/turned')
		]);
		// All faces are counted; the largest are analysed.
		const thorough = thoroughDetector({ near: detector, far }, { smallestFacePx, maxFaces: Infinity });
		return { detector: inAnyTurn(thorough, detector) };
	}
}

/** Whether nothing was drawn: cameras and films have no transparent pixels. */
function isEmpty(frame: Frame): boolean {
	return frame.planes === undefined && frame.data[3] === 0;
}
