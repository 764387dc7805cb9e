/** How one of several models looks in a chart: colour and dashes, so that neither has to be told apart alone. */
export interface Look {
	readonly colour: string;
	readonly dash: string;
}

const COLOURS = ['accent', 'fear', 'happy', 'sad', 'angry', 'surprise', 'disgust'];
const DASHES = ['', '7 4', '2 4', '10 4 2 4'];

/** The look of the series at this place. */
export function lookOf(index: number): Look {
	return {
		colour: `var(--${COLOURS[index % COLOURS.length] ?? 'accent'})`,
		dash: DASHES[index % DASHES.length] ?? ''
	};
}

/** Round values, about `count` of them, from one end of an axis to the other. */
export function ticks(low: number, high: number, count: number): number[] {
	const rough = (high - low) / count;
	const power = 10 ** Math.floor(Math.log10(rough));
	const step = ([1, 2, 2.5, 5].find((factor) => factor * power >= rough) ?? 10) * power;
	const first = Math.ceil(low / step - 1e-9);
	const last = Math.floor(high / step + 1e-9);
	return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) =>
		Number(((first + index) * step).toFixed(9))
	);
}
