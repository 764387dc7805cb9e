/** The word shown for a face, or "unsure": one rule for the overlay, the cards, the list and the export. */
import type { FaceResult, Reading } from './types';

/** For models without a threshold of their own: below this, a calibrated one is wrong in about two of three cases. */
export const DEFAULT_UNSURE_BELOW = 0.4;

export interface Verdict {
	/** The label at `top` of the reading. */
	readonly label: string;
	/** Its smoothed probability. */
	readonly share: number;
	/** True if that is too low: "unsure" is shown instead of the label. */
	readonly unsure: boolean;
}

/** The verdict on a reading; null if there is none. `unsureBelow`: 0..1, 0 is never unsure. */
export function verdictOf(
	reading: Reading | undefined,
	labels: readonly string[],
	unsureBelow: number
): Verdict | null {
	const label = reading === undefined ? undefined : labels[reading.top];
	const share = reading?.smoothed[reading.top];
	return label === undefined || share === undefined ? null : { label, share, unsure: share < unsureBelow };
}

/** How many faces show a label; null counts those that are unsure. */
export interface Tally {
	readonly label: string | null;
	readonly count: number;
}

/** What these faces show, in the order of the labels, unsure last; faces that were not read are left out. */
export function tallyFaces(
	faces: readonly Pick<FaceResult, 'readings'>[],
	{ id, labels, unsureBelow }: Voter & { readonly unsureBelow: number }
): Tally[] {
	const words = faces.flatMap(({ readings }) => verdictOf(readings[id], labels, unsureBelow) ?? []);
	const shown = labels.map((label): Tally => ({
		label,
		count: words.filter((word) => !word.unsure && word.label === label).length
	}));
	return [...shown, { label: null, count: words.filter(({ unsure }) => unsure).length }].filter(
		({ count }) => count > 0
	);
}

/** A model's id and its labels, in the order of its scores. */
export interface Voter {
	readonly id: string;
	readonly labels: readonly string[];
}

/** The label that each model gives a face, in the order of the models; undefined if a model has not read it. */
export function votesOf(face: Pick<FaceResult, 'readings'>, voters: readonly Voter[]): (string | undefined)[] {
	return voters.map(({ id, labels }) => {
		const reading = face.readings[id];
		return reading === undefined ? undefined : labels[reading.top];
	});
}

/** Whether all models give a face the same label, by name; null until all have read it, and if there is only one. */
export function agreementOn(face: Pick<FaceResult, 'readings'>, voters: readonly Voter[]): 'agree' | 'differ' | null {
	const votes = votesOf(face, voters);
	if (votes.length < 2 || votes.includes(undefined)) return null;
	return votes.every((label) => label === votes[0]) ? 'agree' : 'differ';
}
