/** The word that is shown for a face, or that there is none: one rule for the overlay, the cards, the list and the export. */
import type { Reading } from './types';

/** A calibrated model is wrong in three of five cases where it says less than this. */
export const DEFAULT_UNSURE_BELOW = 0.4;

export interface Verdict {
	/** The label that the model holds for most likely. */
	readonly label: string;
	/** Its smoothed probability. */
	readonly share: number;
	/** True where that is too little to be said: "unsure" is shown in place of the label. */
	readonly unsure: boolean;
}

/** What to say of a reading; null where there is none. `unsureBelow`: 0..1, 0 is never unsure. */
export function verdictOf(
	reading: Reading | undefined,
	labels: readonly string[],
	unsureBelow: number
): Verdict | null {
	const label = reading === undefined ? undefined : labels[reading.top];
	const share = reading?.smoothed[reading.top];
	return label === undefined || share === undefined ? null : { label, share, unsure: share < unsureBelow };
}
