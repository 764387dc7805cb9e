/**
 * How an expression looks on this site: a line drawing of brows and mouth, and a colour. The labels are the manifest's.
 */

/**
 * A drawing in a square of 48 units, from six heights and a width, so that one drawing can morph into another.
 * `brow`: y of its outer end, its middle and its inner end. `mouth`: half its width, y of its corners, and how far its
 * upper and lower lip bow downwards from there.
 */
export interface Drawing {
	readonly brow: readonly [outerY: number, middleY: number, innerY: number];
	readonly mouth: readonly [halfWidth: number, cornerY: number, upperBow: number, lowerBow: number];
}

export interface Expression {
	readonly drawing: Drawing;
	/** Suffix of the colour's custom property in app.css. */
	readonly colour: string;
}

type Curve = readonly [x: number, y: number, x1: number, y1: number, x2: number, y2: number, x3: number, y3: number];

const OTHER: Expression = { drawing: { brow: [18, 14.5, 17], mouth: [7, 33, 0, 0] }, colour: 'other' };

const KNOWN: Readonly<Record<string, Drawing>> = {
	angry: { brow: [12.5, 16, 21], mouth: [8, 36, -4.5, -4.5] },
	disgust: { brow: [17, 18.5, 20], mouth: [8, 35, -8, 0] },
	fear: { brow: [18, 11.5, 11], mouth: [9.5, 35.5, -5, 3] },
	happy: { brow: [17.5, 11.5, 16.5], mouth: [10, 30, 3, 11.5] },
	sad: { brow: [20, 16.5, 12.5], mouth: [8, 37, -6.5, -6.5] },
	surprise: { brow: [14.5, 7, 13.5], mouth: [5, 34, -9, 9] },
	neutral: { brow: [17, 14.5, 17], mouth: [8, 33.5, 0, 0] }
};

/** The labels that have a drawing. */
export const DRAWN_LABELS: readonly string[] = Object.keys(KNOWN);

/** Shown instead of a label that is not likely enough. */
export const UNSURE = 'Unsure';

/** The look of a label; an unknown one gets a plain face in grey. */
export function expressionOf(label: string | undefined): Expression {
	const drawing = label === undefined ? undefined : KNOWN[label];
	return label === undefined || drawing === undefined ? OTHER : { drawing, colour: label };
}

/** The label with a capital letter. */
export function titleOf(label: string): string {
	return label.charAt(0).toUpperCase() + label.slice(1);
}

/** The drawing as cubic curves: left brow, right brow, upper lip, lower lip. */
export function curvesOf({ brow, mouth }: Drawing): readonly [Curve, Curve, Curve, Curve] {
	const [outerY, middleY, innerY] = brow;
	const [halfWidth, cornerY, upperBow, lowerBow] = mouth;
	const [left, right, lip] = [24 - halfWidth, 24 + halfWidth, halfWidth * 0.55];
	const upperY = cornerY + upperBow;
	const lowerY = cornerY + lowerBow;
	return [
		[7, outerY, 10.5, middleY, 16.5, middleY, 20, innerY],
		[28, innerY, 31.5, middleY, 37.5, middleY, 41, outerY],
		[left, cornerY, left + halfWidth - lip, upperY, right - halfWidth + lip, upperY, right, cornerY],
		[right, cornerY, right - halfWidth + lip, lowerY, left + halfWidth - lip, lowerY, left, cornerY]
	];
}

/** The drawing as the `d` of an SVG path. */
export function pathOf(drawing: Drawing): string {
	const [left, right, upper, lower] = curvesOf(drawing).map((curve) => curve.map((value) => value.toFixed(2)));
	const bend = (curve: string[] | undefined) => `C${curve?.slice(2).join(' ') ?? ''}`;
	const begin = (curve: string[] | undefined) => `M${curve?.slice(0, 2).join(' ') ?? ''}`;
	return `${begin(left)}${bend(left)}${begin(right)}${bend(right)}${begin(upper)}${bend(upper)}${bend(lower)}Z`;
}
