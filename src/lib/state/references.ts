/** Published figures that the models are compared with. */

export interface Reference {
	readonly title: string;
	/** Id of our model with the same architecture. */
	readonly model: string;
	/** 0..1. */
	readonly accuracy: number;
	/** Split of the reports whose pictures it was measured on. */
	readonly split: string;
	readonly n: number;
}

const PAPER = { split: 'paper', n: 7178 };

/**
 * Chmura and Krukar, "Emotion recognition with Convolutional neural networks", May 2020; its two
 * networks are rebuilt here.
 */
export const REFERENCES: readonly Reference[] = [
	{ title: 'the paper’s VGG16', model: 'vgg16', accuracy: 0.469, ...PAPER },
	{ title: 'the paper’s CNN', model: 'cnn', accuracy: 0.614, ...PAPER }
];
