/** Serves one task over its own port, beside the live analysis. */
import type { Classifier, FaceDetector, Frame, Prior, Use } from '../core/types';
import type { NamedBlob } from '../data-sets/tables';
import type { FromTask, Problem, TaskRequest, ToTask } from '../protocol/tasks';
import { failureOf } from './failure';
import { measureSpeed } from './speed';
import { TaskControl } from './task-control';

export interface TaskTools {
	readonly detector: FaceDetector;
	readonly registry: {
		classifier(id: string): Promise<Classifier>;
		priorRatio(id: string, prior: Prior, use: Use): readonly number[] | undefined;
		hold(ids: readonly string[]): () => void;
	};
	/** Runs tasks one after another. */
	readonly exclusively: <T>(task: () => Promise<T>) => Promise<T>;
	readonly decode: (file: Blob) => Promise<Frame>;
	/** Milliseconds of a monotonic clock. */
	readonly now: () => number;
}

/** The part of a MessagePort that a task needs. */
export interface TaskPort {
	postMessage(message: FromTask): void;
	close(): void;
	onmessage: ((event: MessageEvent<ToTask>) => unknown) | null;
}

/** Runs the request, which comes first, handles pausing and cancelling, and posts its end. Never throws. */
export function serveTask(port: TaskPort, tools: TaskTools): void {
	const control = new TaskControl(tools.now);
	port.onmessage = ({ data }) => {
		switch (data.type) {
			case 'pause':
				control.pause();
				break;
			case 'resume':
				control.resume();
				break;
			case 'cancel':
				control.cancel();
				break;
			case 'speed':
			case 'inspect':
			case 'benchmark':
				void run(data, port, tools, control);
				break;
			default:
				throw new Error(`Unknown message: ${JSON.stringify(data satisfies never)}`);
		}
	};
}

async function run(task: TaskRequest, port: TaskPort, tools: TaskTools, control: TaskControl): Promise<void> {
	const { registry } = tools;
	const models = task.type === 'speed' ? task.models : task.type === 'benchmark' ? task.request.models : [];
	const release = registry.hold(models);
	try {
		if (task.type === 'inspect') {
			await inspect(task.files, port);
			return;
		}
		// Loaded on demand, with what it knows of data sets, as few visitors need it.
		const finished =
			task.type === 'speed'
				? await measureAll(models, port, tools, control)
				: await (
						await import('./benchmark')
					).runBenchmark(task.request, {
						...tools,
						classifiers: await Promise.all(models.map((id) => registry.classifier(id))),
						priorRatio: (id) => registry.priorRatio(id, task.request.prior, 'photo'),
						control,
						tell: (progress) => {
							port.postMessage({ type: 'progress', progress });
						}
					});
		port.postMessage({ type: 'done', cancelled: !finished });
	} catch (thrown) {
		port.postMessage({ type: 'failed', failure: failureOf(thrown, 'analysis-failed') });
	} finally {
		release();
		port.close();
	}
}

async function inspect(files: readonly NamedBlob[], port: TaskPort): Promise<void> {
	const { inspectTables } = await import('../data-sets/tables');
	const skipped: Problem[] = [];
	const tables = await inspectTables(
		files,
		() => undefined,
		(name, detail) => skipped.push({ kind: 'no-table', name, detail })
	);
	port.postMessage({ type: 'tables', tables, skipped });
	port.postMessage({ type: 'done', cancelled: false });
}

async function measureAll(
	models: readonly string[],
	port: TaskPort,
	{ registry, now, exclusively }: TaskTools,
	control: TaskControl
): Promise<boolean> {
	for (const id of models) {
		const speed = await measureSpeed(await registry.classifier(id), now, exclusively, control);
		if (speed === null) return false;
		port.postMessage({ type: 'speed', speed });
	}
	return true;
}
