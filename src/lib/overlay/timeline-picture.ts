/** A timeline as a self-contained SVG picture. */
import { labelRuns, rulerTimes, singlePath, stackedPaths } from './lanes';
import { expressionOf, titleOf } from './expressions';
import { toPng } from './picture';

export interface PicturedLane {
	readonly name: string;
	readonly steps: readonly ({
		readonly face: number;
		readonly label: string | null;
		readonly scores: readonly number[];
	} | null)[];
}

export interface TimelinePicture {
	readonly title: string;
	readonly lanes: readonly PicturedLane[];
	readonly labels: readonly string[];
	/** Only this label's curve; null: all, stacked. */
	readonly only: string | null;
	readonly fromS: number;
	readonly toS: number;
	readonly markers: readonly { readonly timeS: number; readonly text: string }[];
	readonly excluded: readonly { readonly fromS: number; readonly toS: number }[];
	readonly timeText: (seconds: number, digits?: number) => string;
	/** Colour of an expression, by Expression.colour. */
	readonly colourOf: (colour: string) => string;
}

const WIDTH = 1200;
const LEFT = 150;
const RIGHT = 20;
const TOP = 60;
const LANE = 72;
const CURVES = 48;
const STRIP = 10;
const INK = '#0f1f1d';
const SOFT = '#4a5b58';

/** The text of the SVG file. Labels, names and texts are arbitrary user input. */
export function timelineSvg(picture: TimelinePicture): string {
	const { title, lanes, labels, only, fromS, toS, markers, excluded, timeText, colourOf } = picture;
	const height = TOP + lanes.length * LANE + 70;
	const x = (timeS: number): number => LEFT + ((timeS - fromS) / (toS - fromS)) * (WIDTH - LEFT - RIGHT);
	const colour = (label: string): string => colourOf(expressionOf(label).colour);
	const bottom = TOP + lanes.length * LANE;
	const seconds = toS - fromS;
	const inside = (timeS: number): boolean => timeS >= fromS && timeS <= toS;
	const parts = [
		`<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
		`<text x="20" y="30" font-size="18" font-weight="600" fill="${INK}">${escape(title)}</text>`,
		...rulerTimes(fromS, toS, 12).flatMap((timeS) => [
			`<line x1="${x(timeS).toFixed(1)}" x2="${x(timeS).toFixed(1)}" y1="${TOP - 6}" y2="${bottom}" stroke="#d5dedc"/>`,
			`<text x="${x(timeS).toFixed(1)}" y="${TOP - 10}" font-size="11" fill="${SOFT}" text-anchor="middle">${timeText(timeS, seconds < 10 ? 1 : 0)}</text>`
		]),
		...lanes.flatMap(({ name, steps }, index) => {
			const y = TOP + index * LANE + 6;
			const scale = (WIDTH - LEFT - RIGHT) / Math.max(1, steps.length);
			const paths =
				only === null
					? stackedPaths(steps, labels.length, CURVES).map((d, label) => ({ d, label: labels[label] ?? '' }))
					: [{ d: singlePath(steps, labels.indexOf(only), CURVES), label: only }];
			return [
				`<text x="20" y="${y + 28}" font-size="13" fill="${INK}">${escape(short(name))}</text>`,
				`<g transform="translate(${LEFT} ${y}) scale(${scale} 1)">`,
				`<rect width="${steps.length}" height="${CURVES}" fill="#f3f6f5"/>`,
				...paths.map(({ d, label }) => `<path d="${d}" fill="${colour(label)}"/>`),
				...labelRuns(steps).map(
					({ from, to, label }) =>
						`<rect x="${from}" y="${CURVES + 2}" width="${to - from}" height="${STRIP}" fill="${labels.includes(label) ? colour(label) : '#d5dedc'}"/>`
				),
				'</g>'
			];
		}),
		...excluded.map(({ fromS: a, toS: b }) => {
			const [left, right] = [x(Math.max(a, fromS)), x(Math.min(b, toS))];
			const wide = Math.max(0, right - left).toFixed(1);
			return `<rect x="${left.toFixed(1)}" y="${TOP}" width="${wide}" height="${bottom - TOP}" fill="#ffffff" fill-opacity="0.75"/>`;
		}),
		...markers
			.filter(({ timeS }) => inside(timeS))
			.flatMap(({ timeS, text }) => {
				const isLate = timeS - fromS > 0.75 * seconds;
				return [
					`<line x1="${x(timeS).toFixed(1)}" x2="${x(timeS).toFixed(1)}" y1="${TOP}" y2="${bottom + 8}" stroke="${INK}" stroke-dasharray="4 3"/>`,
					`<text x="${(x(timeS) + (isLate ? -4 : 4)).toFixed(1)}" y="${bottom + 14}" font-size="11" fill="${INK}" text-anchor="${isLate ? 'end' : 'start'}">${escape(short(text))}</text>`
				];
			}),
		...[...labels, 'unsure'].flatMap((label, index) => {
			const left = LEFT + index * 120;
			const fill = labels.includes(label) ? colour(label) : '#d5dedc';
			return [
				`<rect x="${left}" y="${bottom + 34}" width="12" height="12" rx="3" fill="${fill}"/>`,
				`<text x="${left + 18}" y="${bottom + 44}" font-size="12" fill="${INK}">${escape(titleOf(label))}</text>`
			];
		})
	];
	return [
		`<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif">`,
		`<title>${escape(title)}</title>`,
		...parts,
		'</svg>'
	].join('\n');
}

/** An SVG as a PNG file, at twice the size. Rejects if the browser cannot draw it. */
export async function svgToPng(svg: string): Promise<Blob> {
	const url = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }));
	try {
		const image = new Image();
		image.src = url;
		await image.decode();
		const canvas = document.createElement('canvas');
		canvas.width = image.naturalWidth * 2;
		canvas.height = image.naturalHeight * 2;
		canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
		return await toPng(canvas);
	} finally {
		URL.revokeObjectURL(url);
	}
}

function short(text: string): string {
	return text.length > 18 ? `${text.slice(0, 17)}…` : text;
}

function escape(text: string): string {
	return text
		.replace(/\p{Cc}/gu, ' ')
		.replaceAll('&', '&amp;')
		.replaceAll('<', '&lt;')
		.replaceAll('>', '&gt;')
		.replaceAll('"', '&quot;');
}
