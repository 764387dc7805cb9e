/** How `mien` came to be: each recipe starts from the one below it, or learns from others as teachers. */
import { DEFAULT_RECIPE, type Recipe } from './recipe';

const AUGMENTATION = {
	flip: 0.5,
	shift: 0.1,
	scale: 0.12,
	rotationDegrees: 10,
	contrast: 0.25,
	erase: 0.25,
	degrade: 0.2,
	light: 0
};

/** For a network that has seen most of what those changes can show. */
const GENTLER_AUGMENTATION = {
	flip: 0.5,
	shift: 0.08,
	scale: 0.1,
	rotationDegrees: 8,
	contrast: 0.2,
	erase: 0.1,
	degrade: 0.15,
	light: 0
};

/** Wider again: the squares that a detector cuts vary in place, size and turn. */
export const WIDER_AUGMENTATION = {
	flip: 0.5,
	shift: 0.1,
	scale: 0.18,
	rotationDegrees: 12,
	contrast: 0.25,
	erase: 0.15,
	degrade: 0.2,
	light: 0
};

const STAGES: NonNullable<Recipe['stages']> = [
	[72, 2],
	[128, 2],
	[256, 1]
];

/** What the last recipes share. */
const LAST = { weightDecay: 3e-4, mergeDuplicates: true, augmentation: WIDER_AUGMENTATION } as const;

/** Smaller pictures first: the same lessons for 0.44 and 0.69 of the work. */
const growing = (from40: number, from48: number): Recipe['sizes'] => [
	{ fromEpoch: 0, size: 32 },
	{ fromEpoch: from40, size: 40 },
	{ fromEpoch: from48, size: 48 }
];

/** Another cosine from where the recipe `from` ended, with that end as one of its teachers (Furlanello et al., 2018). */
function onwards(
	id: string,
	from: string,
	{ epochs, learningRate, from48 }: { epochs: number; learningRate: number; from48: number }
): Recipe {
	return {
		...DEFAULT_RECIPE,
		id,
		from,
		epochs,
		learningRate,
		warmupEpochs: 2,
		sizes: [...(from48 > 0 ? [{ fromEpoch: 0, size: 40 }] : []), { fromEpoch: from48, size: 48 }],
		stages: STAGES,
		labelSmoothing: 0.05,
		votes: 0.25,
		teachers: {
			part: 0.4,
			of: [
				['mien', from],
				['cnn', 'best']
			]
		},
		augmentation: AUGMENTATION
	};
}

const IN_ANY_LIGHT: Recipe = {
	// The shipped model is shown dull faces with more contrast, so it learns from such.
	...onwards('in-any-light', 'among-larger', { epochs: 12, learningRate: 0.012, from48: 0 }),
	...LAST,
	// What is learned here counts in the dark, which PublicTest does not show.
	keep: 'last',
	votes: 0.1,
	emaDecay: 0.998,
	raised: true,
	teachers: {
		part: 0.6,
		live: true,
		of: [
			['mien', 'among-larger'],
			['mien', 'among-peers']
		]
	},
	augmentation: { ...WIDER_AUGMENTATION, light: 0.25 }
};

/** From random weights in three stages, without a GPU and without earlier ends; none of them has been run yet. */
const IN_ONE_GO: readonly Recipe[] = [
	{
		...DEFAULT_RECIPE,
		id: 'teacher',
		epochs: 90,
		sizes: growing(34, 60),
		stages: STAGES,
		labelSmoothing: 0.1,
		votes: 0.25,
		mergeDuplicates: true,
		faceApi: { loss: 0.5, part: 0.1 },
		augmentation: AUGMENTATION
	},
	{
		// Asked in every step, the teacher says more than the labels that it knows by heart.
		...DEFAULT_RECIPE,
		id: 'student',
		...LAST,
		epochs: 110,
		sizes: growing(40, 75),
		stages: STAGES,
		labelSmoothing: 0.05,
		votes: 0.1,
		teachers: { part: 0.6, live: true, sameSeed: true, of: [['mien', 'teacher']] },
		faceApi: { loss: 0.5, part: 0.1 }
	},
	{
		...IN_ANY_LIGHT,
		id: 'low-light',
		from: 'student',
		teachers: { part: 0.6, live: true, sameSeed: true, of: [['mien', 'student']] }
	}
];

/** The first made what ships. */
export const MIEN_RECIPES: readonly [Recipe, ...Recipe[]] = [
	{
		...DEFAULT_RECIPE,
		id: 'together',
		epochs: 0,
		stages: STAGES,
		votes: 0.1,
		mean: ['in-any-light', 'in-any-light-again', 'in-every-light', 'among-larger']
	},
	...IN_ONE_GO,
	IN_ANY_LIGHT,
	{ ...IN_ANY_LIGHT, id: 'in-any-light-again', seed: 2 },
	{
		...IN_ANY_LIGHT,
		id: 'in-every-light',
		learningRate: 0.04,
		warmupEpochs: 1,
		batchSize: 512,
		teachers: {
			part: 0.6,
			live: true,
			mirrored: true,
			of: [
				['mien-large', 'anew'],
				['mien-large', 'anew-wider']
			]
		}
	},
	{
		...onwards('among-larger', 'among-peers', { epochs: 30, learningRate: 0.16, from48: 0 }),
		...LAST,
		batchSize: 512,
		votes: 0.1,
		emaDecay: 0.998,
		teachers: {
			part: 0.6,
			live: true,
			of: [
				['mien-large', 'from-peers'],
				['mien-large', 'apart'],
				['mien-large', 'apart-again'],
				['mien-large', 'apart-wide']
			]
		}
	},
	{
		// Of Training's pictures as they are, teachers know the labels by heart; of changed ones they have more to say.
		...onwards('among-peers', 'flatter', { epochs: 20, learningRate: 0.02, from48: 0 }),
		...LAST,
		votes: 0.1,
		teachers: {
			part: 0.6,
			live: true,
			of: [
				['mien', 'flatter'],
				['mien', 'wider'],
				['mien', 'by-label']
			]
		}
	},
	{
		// Training says 84 % of its own labels after `wider`, some of them wrong: flat minima remember fewer of those.
		...onwards('flatter', 'wider', { epochs: 84, learningRate: 0.05, from48: 36 }),
		...LAST,
		sharpness: 0.1,
		votes: 0.15,
		teachers: {
			part: 0.3,
			mirrored: true,
			of: [
				['mien', 'wider'],
				['mien', 'by-label']
			]
		}
	},
	{
		...onwards('wider', 'by-label', { epochs: 72, learningRate: 0.05, from48: 24 }),
		...LAST,
		votes: 0.15,
		teachers: {
			part: 0.3,
			mirrored: true,
			of: [
				['mien', 'by-label'],
				['mien', 'once-more'],
				['cnn', 'best']
			]
		}
	},
	{
		// FER+'s votes and the teachers, who learned from them, teach what people agree on; FER2013's labels are what is asked.
		...onwards('by-label', 'once-more', { epochs: 40, learningRate: 0.04, from48: 10 }),
		weightDecay: 3e-4,
		votes: 0.1,
		teachers: {
			part: 0.25,
			of: [
				['mien', 'once-more'],
				['mien', 'again'],
				['cnn', 'best']
			]
		},
		augmentation: GENTLER_AUGMENTATION
	},
	onwards('once-more', 'again', { epochs: 56, learningRate: 0.04, from48: 16 }),
	onwards('again', 'taught', { epochs: 80, learningRate: 0.06, from48: 30 }),
	{
		...DEFAULT_RECIPE,
		id: 'taught',
		epochs: 90,
		sizes: growing(34, 60),
		stages: STAGES,
		labelSmoothing: 0.1,
		votes: 0.25,
		teachers: {
			part: 0.4,
			of: [
				['mien', 'grow-48'],
				['cnn', 'best']
			]
		},
		augmentation: AUGMENTATION
	},
	{
		...DEFAULT_RECIPE,
		id: 'grow-48',
		epochs: 50,
		sizes: growing(20, 34),
		stages: [
			[72, 2],
			[128, 1],
			[192, 1]
		],
		// FER2013's labels are noisy: people agree with them in about two cases of three.
		labelSmoothing: 0.1,
		votes: 0.35,
		augmentation: AUGMENTATION
	}
];
