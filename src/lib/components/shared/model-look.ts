/** How one of several models looks in a chart: colour and dashes, so that neither has to be told apart alone. */
interface Look {
	readonly colour: string;
	readonly dash: string;
}

/** In app.css: of models alone, so that none looks like an expression. */
const COLOURS = 6;
const DASHES = ['', '7 4', '2 4', '10 4 2 4'];

/** The look of the model at this place in the manifest, the same on every page. */
export function lookOf(place: number): Look {
	return {
		colour: `var(--model-${(place % COLOURS) + 1})`,
		dash: DASHES[place % DASHES.length] ?? ''
	};
}
