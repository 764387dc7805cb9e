import { expect, it } from 'vitest';
import { useStandardColours } from '../../../../src/lib/sources/film/frame-colours';

type Colours = Readonly<Record<keyof VideoColorSpaceInit, string | boolean | null>>;

/** A frame of a browser that tells these colours. */
function frameOf(told: Colours): Pick<VideoFrame, 'colorSpace'> {
	class Frame {
		get colorSpace(): VideoColorSpace {
			return this.told as unknown as VideoColorSpace;
		}
		readonly told = told;
	}
	useStandardColours(Frame);
	return new Frame();
}

const BT709 = { primaries: 'bt709', transfer: 'bt709', matrix: 'bt709', fullRange: false };
const NONE = { primaries: null, transfer: null, matrix: null, fullRange: null };

it.each([BT709, NONE, { ...BT709, transfer: 'pq', fullRange: true }])(
	'standard colours stay as they are: %j',
	(told) => {
		expect(frameOf(told).colorSpace).toBe(told);
	}
);

it.each([
	[
		{ primaries: 'unspecified', transfer: 'unspecified', matrix: 'smpte170m', fullRange: false },
		{ ...NONE, matrix: 'smpte170m', fullRange: false }
	],
	[
		{ primaries: 'bt470m', transfer: 'log', matrix: 'smpte240m', fullRange: true },
		{ ...NONE, fullRange: true }
	]
])('others are null: %j', (told, standard) => {
	const { colorSpace } = frameOf(told);
	expect(colorSpace).toMatchObject(standard);
	expect(colorSpace.toJSON()).toEqual(standard);
});
