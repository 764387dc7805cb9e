/** What a run prints while it is running. */
import type cliProgress from 'cli-progress';
import type { StepProgress } from '../loop/progress';
import type { TrainEvent } from '../loop/run';
import { percent, say } from './terminal';

/** Prints an event of a run, or moves the bar. */
export function show(event: TrainEvent, bar: cliProgress.SingleBar): void {
	switch (event.type) {
		case 'resumed':
			say(`Continuing from step ${String(event.step)} of ${String(event.steps)}.`);
			return;
		case 'step':
			showStep(event.progress, bar);
			return;
		case 'epoch': {
			const { log, best } = event;
			say(
				`epoch ${String(log.epoch + 1)} (${String(log.size)} px): training ${log.train.loss.toFixed(3)} / ` +
					`${percent(log.train.accuracy)}, selecting rows ${log.validation.loss.toFixed(3)} / ` +
					`${percent(log.validation.accuracy)}${best ? ' (best)' : ''}, ` +
					`${log.imagesPerSecond.toFixed(0)} images/s, ${log.seconds.toFixed(0)} s`
			);
			return;
		}
		case 'problem':
			say(event.sentence);
	}
}

function showStep(progress: StepProgress, bar: cliProgress.SingleBar): void {
	const shown = {
		epoch: progress.epoch + 1,
		loss: progress.loss.toFixed(3),
		accuracy: percent(progress.accuracy),
		speed: progress.imagesPerSecond.toFixed(0),
		left: `${(progress.secondsLeft / 60).toFixed(0)} min`
	};
	if (bar.isActive) bar.update(progress.step, shown);
	else bar.start(progress.steps, progress.step, shown);
}
