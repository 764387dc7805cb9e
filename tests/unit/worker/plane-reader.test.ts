/** Which video frames are read as planes, and what they give. */
import { describe, expect, it } from 'vitest';
import { createPlaneReader } from '../../../src/lib/worker/plane-reader';

const [WIDTH, HEIGHT] = [4, 2];

/** A frame of one grey, or one colour, as a browser would give it. */
function frameOf(changes: Record<string, unknown> = {}, planes = grey(126, 128, 128)): VideoFrame {
	return {
		format: 'I420',
		visibleRect: { x: 0, y: 0, width: WIDTH, height: HEIGHT },
		displayWidth: WIDTH,
		displayHeight: HEIGHT,
		rotation: 0,
		flip: false,
		colorSpace: { matrix: null, fullRange: null },
		allocationSize: () => planes.bytes.length,
		copyTo: (out: Uint8Array) => {
			out.set(planes.bytes);
			return Promise.resolve(planes.layout);
		},
		...changes
	} as unknown as VideoFrame;
}

/** I420: three planes, one after another. */
function grey(luma: number, blue: number, red: number) {
	const bytes = Uint8Array.from([...Array<number>(8).fill(luma), blue, blue, red, red]);
	const layout = [
		{ offset: 0, stride: 4 },
		{ offset: 8, stride: 2 },
		{ offset: 10, stride: 2 }
	];
	return { bytes, layout };
}

const firstPixel = async (frame: VideoFrame): Promise<number[] | null> => {
	const read = await createPlaneReader()(frame);
	return read && [...read.data.slice(0, 4)];
};

describe('createPlaneReader', () => {
	it('gives the pixels of I420, at television levels unless it says otherwise', async () => {
		expect(await firstPixel(frameOf())).toEqual([128, 128, 128, 255]);
		expect(await firstPixel(frameOf({ colorSpace: { matrix: 'smpte170m', fullRange: true } }))).toEqual([
			126, 126, 126, 255
		]);
		const read = await createPlaneReader()(frameOf());
		expect([read?.width, read?.height, read?.data.length]).toEqual([WIDTH, HEIGHT, WIDTH * HEIGHT * 4]);
	});

	it('keeps the two colour differences apart, in I420 and in NV12', async () => {
		// Red: in full-range Rec. 601, luma 76, blue difference 85, red difference 255.
		const colorSpace = { matrix: 'smpte170m', fullRange: true };
		const planar = await firstPixel(frameOf({ colorSpace }, grey(76, 85, 255)));
		const bytes = Uint8Array.from([...Array<number>(8).fill(76), 85, 255, 85, 255]);
		const layout = [
			{ offset: 0, stride: 4 },
			{ offset: 8, stride: 4 }
		];
		const interleaved = await firstPixel(frameOf({ format: 'NV12', colorSpace }, { bytes, layout }));
		expect(interleaved).toEqual(planar);
		const [red = 0, green = 255, blue = 255] = planar ?? [];
		expect([red > 250, green < 3, blue < 3]).toEqual([true, true, true]);
	});

	it('takes each pixel’s colour from its place, in I420 and in NV12', async () => {
		const luma = [76, 76, 150, 150, 76, 76, 150, 150];
		const planar = { ...grey(0, 0, 0), bytes: Uint8Array.from([...luma, 85, 44, 255, 21]) };
		const interleaved = {
			bytes: Uint8Array.from([...luma, 85, 255, 44, 21]),
			layout: [
				{ offset: 0, stride: 4 },
				{ offset: 8, stride: 4 }
			]
		};
		const colorSpace = { matrix: 'smpte170m', fullRange: true };
		for (const frame of [frameOf({ colorSpace }, planar), frameOf({ format: 'NV12', colorSpace }, interleaved)]) {
			const { data = [] } = (await createPlaneReader()(frame)) ?? {};
			// The left half is red, the right half green.
			for (let pixel = 0; pixel < 8; pixel++) {
				const [red = 0, green = 0, blue = 0] = data.slice(4 * pixel, 4 * pixel + 3);
				expect([red > 250, green > 250, blue > 5]).toEqual([pixel % 4 < 2, pixel % 4 >= 2, false]);
			}
		}
	});

	it('gives green more weight in Rec. 709 than in 601', async () => {
		const pixelOf = (matrix: string) =>
			firstPixel(frameOf({ colorSpace: { matrix, fullRange: true } }, grey(128, 128, 200)));
		expect((await pixelOf('bt709'))?.[0]).toBeGreaterThan((await pixelOf('bt470bg'))?.[0] ?? NaN);
	});

	it.each([
		['turned', { rotation: 90 }],
		['mirrored', { flip: true }],
		['stretched', { displayWidth: 8 }],
		['stretched upwards', { displayHeight: 4 }],
		['cropped away', { visibleRect: null }],
		['of another format', { format: 'RGBX' }],
		['of none that can be read', { format: null }],
		['of other colours', { colorSpace: { matrix: 'bt2020-ncl', fullRange: false } }],
		[
			'too large',
			{ visibleRect: { width: 5000, height: 2 }, displayWidth: 5000, displayHeight: 2, allocationSize: () => 15000 }
		]
	])('leaves a frame that is %s to a canvas', async (_, changes) => {
		expect(await createPlaneReader()(frameOf(changes))).toBeNull();
	});

	it('rejects if the browser refuses the copy', async () => {
		const refusing = frameOf({ copyTo: () => Promise.reject(new TypeError('closed')) });
		await expect(createPlaneReader()(refusing)).rejects.toThrow('closed');
	});
});
