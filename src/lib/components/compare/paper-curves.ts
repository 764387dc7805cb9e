type Points = readonly (readonly [epoch: number, value: number])[];

/** Legible values from the plots and the log of the paper's approach 2 (Chmura and Krukar, 2020); epochs from 1. */
export const PAPER_CURVES = {
	train: {
		accuracy: [
			[1, 0.248],
			[32, 0.936]
		] as Points
	},
	test: {
		accuracy: [
			[1, 0.249],
			[4, 0.5],
			[6, 0.538],
			[13, 0.606],
			[32, 0.614]
		] as Points,
		loss: [
			[12, 1.12],
			[32, 1.714]
		] as Points
	}
};
