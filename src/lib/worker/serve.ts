/** The worker's code: messages in, messages out. All inference of the site happens behind this file. */
import { memory } from '@tensorflow/tfjs-core';
import type { Classifier, FaceDetector } from '../core/types';
import { AppError, type ErrorCode } from '../errors';
import type { FromWorker, ToWorker } from '../protocol';
import { chooseBackend } from './backend';
import { createBackendHost } from './backend-host';
import { failureOf } from './failure';
import { dropAhead } from './fetch-file';
import { createDecoder, createFrameReader } from './frame-reader';
import { watchGpu } from './gpu-loss';
import { fetchManifest, loadClassifier, loadDetector, type Exclusively } from './loader';
import { createQueue } from './queue';
import { Registry } from './registry';
import { Runtime } from './runtime';
import { serveTask, type TaskTools } from './tasks';

/** The confidence at which crops were surveyed and blending was measured; more faces than this are a crowd. */
const DETECTION_LIMITS = { minConfidence: 0.5, maxFaces: 32 };

/** If no picture has come by then, everything is run once without one, as a first run takes longer. */
const WARM_UP_AFTER_MS = 250;

let runtime: Runtime | null = null;
let pictureCame = false;
let taskTools: TaskTools | null = null;

function delay(ms: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, ms));
}

function post(message: FromWorker): void {
	self.postMessage(message);
}

/** Tells the page that this worker cannot go on; it starts another one. */
function giveUp(thrown: unknown, code: ErrorCode): void {
	post({ type: 'failed', failure: failureOf(thrown, code) });
}

/** Calls `load` once, on first use; after a failure the next call tries again. */
function onDemand<T>(load: () => Promise<T>): () => Promise<T> {
	let loading: Promise<T> | null = null;
	return () => {
		loading ??= load().catch((thrown: unknown) => {
			loading = null;
			throw thrown;
		});
		return loading;
	};
}

async function start({
	baseUrl,
	backend: wanted,
	model,
	firstFaceId,
	known
}: Extract<ToWorker, { type: 'start' }>): Promise<void> {
	const now = (): number => performance.now();
	const exclusively = createQueue();
	const tools = { tell: post, exclusively };
	const manifestUrl = new URL('models/index.json', baseUrl).href;
	// Files are fetched while the back end is chosen; models are built after that.
	const choice = exclusively(async () => {
		post({ type: 'progress', stage: 'backend', loaded: 0, total: 1 });
		const report = await chooseBackend(wanted, createBackendHost(now), known);
		watchGpu(report.chosen, (reason) => {
			giveUp(new AppError('gpu-lost', reason), 'gpu-lost');
		});
		post({ type: 'progress', stage: 'backend', loaded: 1, total: 1 });
		return report;
	});
	const models = fetchManifest(manifestUrl).then(async (manifest) => {
		const registry = new Registry(manifest, (entry) => loadClassifier(entry, manifestUrl, tools));
		const detector = loadDetector(manifest.detector, manifestUrl, DETECTION_LIMITS, tools);
		// A failure is reported to whoever requests the model.
		const first = registry.classifier(model ?? manifest.default).catch(() => null);
		return { manifest, registry, detector: await detector, first };
	});
	const [backend, { manifest, registry, detector, first }] = await Promise.all([choice, models]);
	const farDetector = onDemand(() => loadDetector(manifest.farDetector, manifestUrl, DETECTION_LIMITS, tools));
	const readFrame = createFrameReader();
	runtime = new Runtime({ detector, farDetector, registry, exclusively, readFrame, firstFaceId, now, post });
	taskTools = { detector, registry, exclusively, decode: createDecoder(), now };
	post({ type: 'ready', backend, manifest });
	dropAhead();
	await warmUp(detector, first, exclusively);
}

/** One run at a time, and none once a picture has come: it need not wait for them. A failure shows with the picture. */
async function warmUp(
	detector: FaceDetector,
	first: Promise<Classifier | null>,
	exclusively: Exclusively
): Promise<void> {
	const unlessPictureCame = async (run: () => Promise<unknown>): Promise<void> => {
		await delay(WARM_UP_AFTER_MS);
		if (!pictureCame) await exclusively(run).catch(() => undefined);
	};
	await unlessPictureCame(() => detector.detect({ width: 1, height: 1, data: new Uint8ClampedArray(4) }));
	// Never awaited in the queue: building the classifier is queued too.
	const classifier = await first;
	if (classifier === null) return;
	const { size, channels } = classifier.input;
	await unlessPictureCame(() => classifier.classify(new Float32Array(size * size * channels), 1));
}

function running(): Runtime {
	if (runtime === null) throw new AppError('analysis-failed', 'The worker was not started');
	return runtime;
}

async function handle(message: ToWorker): Promise<void> {
	switch (message.type) {
		case 'start':
			await start(message);
			break;
		case 'configure':
			await running().configure(message.generation, message.settings);
			break;
		case 'frame':
			pictureCame = true;
			await running().analyse(message);
			break;
		case 'explain':
			await running().explain(message);
			break;
		case 'rest':
			runtime?.rest(message);
			break;
		case 'reset':
			runtime?.reset(message.stream);
			break;
		case 'connect':
			if (taskTools === null) throw new AppError('analysis-failed', 'The worker was not started');
			serveTask(message.port, taskTools);
			break;
		case 'stats': {
			const { numTensors, numBytes } = memory();
			post({ type: 'stats', tensors: numTensors, tensorBytes: numBytes });
			break;
		}
		default:
			throw new Error(`Unknown message: ${JSON.stringify(message satisfies never)}`);
	}
}

/** Handles a message from the page. Never throws: failures are posted. */
export function receive(message: ToWorker): void {
	handle(message).catch((error: unknown) => {
		giveUp(error, 'worker-died');
	});
}
