/** How a model looks in a chart: colour and dashes together, so neither alone has to tell models apart. */
interface Look {
	readonly colour: string;
	readonly dash: string;
}

/** In app.css. Used for models only, so that none looks like an expression. */
const COLOURS = 6;
const DASHES = ['', '7 4', '2 4', '10 4 2 4'];

/** The look of the model at this place in the manifest, the same on every page. */
export function lookOf(place: number): Look {
	return {
		colour: `var(--model-${(place % COLOURS) + 1})`,
		dash: DASHES[place % DASHES.length] ?? ''
	};
}
