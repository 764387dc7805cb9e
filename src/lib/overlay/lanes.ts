/** The shapes of a timeline's lane, as SVG paths whose x counts steps. */

interface Step {
	readonly face: number;
	readonly label: string | null;
	readonly scores: readonly number[];
}

export interface Run {
	readonly from: number;
	/** Exclusive. */
	readonly to: number;
	readonly label: string;
}

/** Stretches of one label each; steps without a face, or that were not analysed, have none. */
export function labelRuns(steps: readonly (Step | null)[]): Run[] {
	const runs: { from: number; to: number; label: string }[] = [];
	for (const [index, step] of steps.entries()) {
		if (step === null || step.label === null) continue;
		const last = runs.at(-1);
		if (last?.to === index && last.label === step.label) last.to = index + 1;
		else runs.push({ from: index, to: index + 1, label: step.label });
	}
	return runs;
}

/** Stacked areas of the probabilities, one path per label; `height` is that of a probability of 1. */
export function stackedPaths(steps: readonly (Step | null)[], labels: number, height: number): string[] {
	return Array.from({ length: labels }, (_, label) =>
		areas(steps, height, ({ scores }) => {
			const below = scores.slice(0, label).reduce((sum, score) => sum + score, 0);
			return [below, below + (scores[label] ?? 0)];
		})
	);
}

/** The area below the probability of one label. */
export function singlePath(steps: readonly (Step | null)[], label: number, height: number): string {
	return areas(steps, height, ({ scores }) => [0, scores[label] ?? 0]);
}

/** One closed area for each stretch with a face, between the two heights (0..1, from below) of each step. */
function areas(steps: readonly (Step | null)[], height: number, between: (step: Step) => [number, number]): string {
	const y = (share: number): string => ((1 - Math.min(1, share)) * height).toFixed(1);
	let path = '';
	let from = 0;
	while (from < steps.length) {
		let to = from;
		const spans: [number, number][] = [];
		for (let step = steps[to]; step !== undefined && step !== null && step.face > 0; step = steps[++to]) {
			spans.push(between(step));
		}
		if (spans.length > 0) {
			const top = spans.map(([, high], index) => `${from + index} ${y(high)}H${from + index + 1}`);
			const bottom = spans.map(([low], index) => `${from + index + 1} ${y(low)}H${from + index}`).toReversed();
			path += `M${top.join('L')}L${bottom.join('L')}Z`;
		}
		from = Math.max(to, from + 1);
	}
	return path;
}

/** Times to mark on a ruler, in seconds: about `most`, at whole steps of usual units. */
export function rulerTimes(fromS: number, toS: number, most: number): number[] {
	const units = [0.04, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];
	const unit = units.find((each) => (toS - fromS) / each <= most) ?? 7200;
	const times: number[] = [];
	for (let step = Math.ceil(fromS / unit - 1e-9); step * unit <= toS + 1e-9; step++) times.push(step * unit);
	return times;
}
