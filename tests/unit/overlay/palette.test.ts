import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** The seven class colours of app.css: distinct under every colour-vision deficiency, and visible on their surface. */
const css = readFileSync(new URL('../../../src/app.css', import.meta.url), 'utf8');
const NAMES = ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral'];

type Triple = readonly [number, number, number];

function token(pattern: string): Triple {
	const hex = new RegExp(`${pattern}#([0-9a-f]{6})`).exec(css)?.[1];
	if (hex === undefined) throw new Error(`no colour for ${pattern}`);
	const channel = (at: number) => {
		const value = parseInt(hex.slice(at, at + 2), 16) / 255;
		return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
	};
	return [channel(0), channel(2), channel(4)];
}

const SCHEMES = {
	light: {
		colours: NAMES.map((name) => token(`--${name}: light-dark\\(`)),
		surface: token('--surface: light-dark\\(')
	},
	dark: {
		colours: NAMES.map((name) => token(`--${name}-on-dark: `)),
		surface: token('--surface: light-dark\\(#ffffff, ')
	}
};

/** Full dichromacy, on linear RGB: Machado, Oliveira and Fernandes, 2009. */
const VISION: Record<string, readonly Triple[]> = {
	normal: [
		[1, 0, 0],
		[0, 1, 0],
		[0, 0, 1]
	],
	protanopia: [
		[0.152286, 1.052583, -0.204868],
		[0.114503, 0.786281, 0.099216],
		[-0.003882, -0.048116, 1.051998]
	],
	deuteranopia: [
		[0.367322, 0.860646, -0.227968],
		[0.280085, 0.672501, 0.047413],
		[-0.01182, 0.04294, 0.968881]
	],
	tritanopia: [
		[1.255528, -0.076749, -0.178779],
		[-0.078411, 0.930809, 0.147602],
		[0.004733, 0.691367, 0.3039]
	]
};

function times(matrix: readonly Triple[], [r, g, b]: Triple): Triple {
	const [x = 0, y = 0, z = 0] = matrix.map((row) => Math.min(1, Math.max(0, row[0] * r + row[1] * g + row[2] * b)));
	return [x, y, z];
}

/** Ottosson's OKLab, in which equal distances look about equally large. */
function oklab([r, g, b]: Triple): Triple {
	const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
	const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
	const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
	return [
		0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
		1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
		0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s
	];
}

function luminance([r, g, b]: Triple): number {
	return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: Triple, b: Triple): number {
	const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
	return (high + 0.05) / (low + 0.05);
}

describe.each(Object.entries(SCHEMES))('the %s palette', (_scheme, { colours, surface }) => {
	it('has a contrast of 3 or more on its surface', () => {
		for (const [index, colour] of colours.entries()) {
			expect(contrast(colour, surface), NAMES[index]).toBeGreaterThanOrEqual(3);
		}
	});

	it.each(Object.entries(VISION))('stays distinct with %s vision', (_name, matrix) => {
		const seen = colours.map((colour) => oklab(times(matrix, colour)));
		for (const [i, a] of seen.entries()) {
			for (const [j, b] of seen.slice(0, i).entries()) {
				const distance = Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
				expect(distance, `${NAMES[i] ?? ''} and ${NAMES[j] ?? ''}`).toBeGreaterThan(0.09);
			}
		}
	});
});
