/** The shared recipe of Mien's own networks: three stages from random weights, each learning from the one before. */
import { DEFAULT_RECIPE, type Recipe } from './recipe';

/** The squares that a detector cuts vary in place, size and turn. */
const AUGMENTATION = {
	flip: 0.5,
	shift: 0.1,
	scale: 0.18,
	rotationDegrees: 12,
	contrast: 0.25,
	erase: 0.15,
	degrade: 0.2,
	light: 0
};

/** Smaller pictures first: the same lessons for 0.44 and 0.69 of the work. */
const SIZES: Recipe['sizes'] = [
	{ fromEpoch: 0, size: 32 },
	{ fromEpoch: 28, size: 40 },
	{ fromEpoch: 48, size: 48 }
];

/**
 * `low-light`, which ships, continues from `student`, which learns from `teacher`. FER2013's labels are noisy: votes
 * and teachers add what people agree on, and face-api's network, through a second head, what it knows from other faces.
 */
export function threeStages(stages: NonNullable<Recipe['stages']>): readonly [Recipe, Recipe, Recipe] {
	const shared: Recipe = {
		...DEFAULT_RECIPE,
		epochs: 72,
		sizes: SIZES,
		stages,
		mergeDuplicates: true,
		faceApi: { loss: 0.5, part: 0.1 }
	};
	const teacher: Recipe = {
		...shared,
		id: 'teacher',
		labelSmoothing: 0.1,
		votes: 0.25,
		augmentation: { ...AUGMENTATION, scale: 0.12, rotationDegrees: 10, erase: 0.25 }
	};
	// The teacher knows the labels by heart, and its answers, asked for in every step, say more than they do.
	const taught = { labelSmoothing: 0.05, votes: 0.1, weightDecay: 3e-4 } as const;
	const student: Recipe = {
		...shared,
		...taught,
		id: 'student',
		teacher: { part: 0.6, recipe: 'teacher' },
		augmentation: AUGMENTATION
	};
	const lowLight: Recipe = {
		...DEFAULT_RECIPE,
		...taught,
		stages,
		mergeDuplicates: true,
		id: 'low-light',
		from: 'student',
		epochs: 8,
		learningRate: 0.012,
		warmupEpochs: 2,
		// What is learned here helps in the dark, which PublicTest does not show.
		keep: 'last',
		emaDecay: 0.998,
		// The shipped model gets dull faces with raised contrast, so it learns from the same.
		raised: true,
		teacher: { part: 0.6, recipe: 'student' },
		augmentation: { ...AUGMENTATION, light: 0.25 }
	};
	return [lowLight, student, teacher];
}
