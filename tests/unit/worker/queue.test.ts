import { expect, it } from 'vitest';
import { createQueue } from '../../../src/lib/worker/queue';

it('the queue runs tasks one after another, even after one that fails', async () => {
	const queue = createQueue();
	const order: string[] = [];
	const task = (name: string) => async () => {
		order.push(`${name} starts`);
		await Promise.resolve();
		order.push(`${name} ends`);
		if (name === 'second') throw new Error(name);
		return name;
	};
	const [first, second, third] = await Promise.allSettled([
		queue(task('first')),
		queue(task('second')),
		queue(task('third'))
	]);
	expect(order).toEqual(['first starts', 'first ends', 'second starts', 'second ends', 'third starts', 'third ends']);
	expect([first.status, second.status, third.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});
