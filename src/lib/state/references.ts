/** Published figures that the models are held against. */

export interface Reference {
	readonly title: string;
	/** Fraction of 0..1. */
	readonly accuracy: number;
	/** Split of the reports whose pictures it was measured on. */
	readonly split: string;
	readonly n: number;
	/** Splits with the same labels, where it may stand for orientation. */
	readonly shownWith: readonly string[];
}

const PAPER = { split: 'paper', n: 7178, shownWith: ['paper', 'private', 'public'] };

/** Of the paper whose two networks are rebuilt here. */
export const REFERENCES: readonly Reference[] = [
	{ title: 'Paper: VGG16, transfer', accuracy: 0.469, ...PAPER },
	{ title: 'Paper: own CNN', accuracy: 0.614, ...PAPER }
];
