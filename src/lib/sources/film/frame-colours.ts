/** Colour spaces of video frames in the names of WebCodecs only. */

/** https://w3c.github.io/webcodecs/#videocolorspace */
const NAMES: Readonly<Record<'primaries' | 'transfer' | 'matrix', readonly string[]>> = {
	primaries: ['bt709', 'bt470bg', 'smpte170m', 'bt2020', 'smpte432'],
	transfer: ['bt709', 'smpte170m', 'iec61966-2-1', 'linear', 'pq', 'hlg'],
	matrix: ['rgb', 'bt709', 'bt470bg', 'smpte170m', 'bt2020-ncl']
};

/**
 * From now on, frames of `Frame` give null for colours that have another name. WebKit calls some "unspecified" or
 * "bt470m", which Mediabunny refuses.
 */
export function useStandardColours(Frame: { readonly prototype: Pick<VideoFrame, 'colorSpace'> }): void {
	const described = Object.getOwnPropertyDescriptor(Frame.prototype, 'colorSpace');
	if (described === undefined) return;
	Object.defineProperty(Frame.prototype, 'colorSpace', {
		...described,
		get(this: VideoFrame): VideoColorSpace {
			const colours = described.get?.call(this) as VideoColorSpace;
			const { primaries, transfer, matrix, fullRange } = colours;
			const standard = {
				primaries: named(NAMES.primaries, primaries),
				transfer: named(NAMES.transfer, transfer),
				matrix: named(NAMES.matrix, matrix),
				fullRange
			};
			const isStandard =
				standard.primaries === primaries && standard.transfer === transfer && standard.matrix === matrix;
			return isStandard ? colours : { ...standard, toJSON: () => standard };
		}
	});
}

function named<Name extends string>(names: readonly string[], name: Name | null): Name | null {
	return name !== null && names.includes(name) ? name : null;
}
