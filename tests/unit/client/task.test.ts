import { afterEach, describe, expect, it, vi } from 'vitest';
import { startTask, type TaskEvent } from '../../../src/lib/client/task';
import { AppError } from '../../../src/lib/errors';
import type { FromTask, Speed, ToTask } from '../../../src/lib/protocol/tasks';

const SPEED: Speed = { model: 'a', medianMs: 2, bestMs: 1, runs: 9 };

/** A host whose worker is played by the test. */
function start(part: { postMessage?: () => never } = {}) {
	const received: ToTask[] = [];
	const events: TaskEvent[] = [];
	const all = {
		received,
		events,
		closed: false,
		disconnected: false,
		onmessage: null as ((event: MessageEvent<FromTask>) => unknown) | null,
		lose: (_: AppError): void => undefined,
		postMessage: (message: ToTask) => received.push(message),
		close: () => (all.closed = true),
		...part
	};
	const host = {
		connect: (onLost: (error: AppError) => void) => {
			all.lose = onLost;
			return Promise.resolve(all as unknown as MessagePort);
		},
		disconnect: (onLost: (error: AppError) => void) => (all.disconnected = onLost === all.lose)
	};
	const task = startTask(host, { type: 'speed', models: ['a'] }, (event) => events.push(event));
	const answer = (data: FromTask) => all.onmessage?.({ data } as MessageEvent<FromTask>);
	return Object.assign(all, { task, answer });
}

afterEach(() => vi.useRealTimers());

describe('startTask', () => {
	it('sends its request first, passes events on, and ends', async () => {
		const all = start();
		const { task, received, events, answer } = all;
		task.pause();
		await Promise.resolve();
		expect(received).toEqual([{ type: 'speed', models: ['a'] }, { type: 'pause' }]);
		answer({ type: 'speed', speed: SPEED });
		answer({ type: 'done', cancelled: false });
		expect(await task.finished).toBe(true);
		expect(events).toEqual([{ type: 'speed', speed: SPEED }]);
		expect(all.disconnected).toBe(true);
	});

	it('reports cancellation and failure', async () => {
		const cancelled = start();
		await Promise.resolve();
		cancelled.task.cancel();
		expect(cancelled.received.at(-1)).toEqual({ type: 'cancel' });
		cancelled.answer({ type: 'done', cancelled: true });
		expect(await cancelled.task.finished).toBe(false);
		const failed = start();
		await Promise.resolve();
		failed.answer({ type: 'failed', failure: { code: 'data-unreadable', message: 'no', said: null } });
		await expect(failed.task.finished).rejects.toMatchObject({ code: 'data-unreadable' });
		expect(failed.closed).toBe(true);
	});

	it('fails when the worker is gone', async () => {
		const { task, lose } = start();
		await Promise.resolve();
		const failing = expect(task.finished).rejects.toMatchObject({ code: 'worker-died' });
		lose(new AppError('worker-died', 'gone'));
		await failing;
	});

	it('fails if its request cannot be sent', async () => {
		const refuse = () => {
			throw new DOMException('could not be cloned', 'DataCloneError');
		};
		const { task } = start({ postMessage: refuse });
		await expect(task.finished).rejects.toMatchObject({ code: 'worker-died' });
	});

	it('is not timed out during a pause, even after a last report of the step under way', async () => {
		vi.useFakeTimers();
		const { task, answer } = start();
		let failed = false;
		task.finished.catch(() => (failed = true));
		await vi.advanceTimersByTimeAsync(100);
		task.pause();
		answer({ type: 'speed', speed: SPEED });
		await vi.advanceTimersByTimeAsync(300_000);
		expect(failed).toBe(false);
		task.resume();
		await vi.advanceTimersByTimeAsync(300_000);
		expect(failed).toBe(true);
	});

	it('fails when the worker is silent for too long, but not during a pause', async () => {
		vi.useFakeTimers();
		const { task } = start();
		let failure: unknown = null;
		task.finished.catch((error: unknown) => (failure = error));
		await vi.advanceTimersByTimeAsync(100_000);
		task.pause();
		await vi.advanceTimersByTimeAsync(500_000);
		expect(failure).toBeNull();
		task.resume();
		await vi.advanceTimersByTimeAsync(121_000);
		expect(failure).toMatchObject({ code: 'worker-timeout' });
	});
});
