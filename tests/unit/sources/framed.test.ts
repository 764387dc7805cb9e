import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FramedSource, type Framing, framedSize } from '../../../src/lib/sources/framed';
import type { Size } from '../../../src/lib/sources/scale';
import type { FrameSource } from '../../../src/lib/sources/source';

const PICTURE = { width: 1280, height: 720 };

it('framedSize takes the whole picture, a part of it, or either rotated', () => {
	expect(framedSize(PICTURE, { region: null, rotate: 0 })).toEqual({
		...{ left: 0, top: 0, cutWidth: 1280, cutHeight: 720 },
		...PICTURE
	});
	const region = { x: 0.25, y: 0.5, width: 0.5, height: 0.5 };
	expect(framedSize(PICTURE, { region, rotate: 270 })).toEqual({
		...{ left: 320, top: 360, cutWidth: 640, cutHeight: 360 },
		...{ width: 360, height: 640 }
	});
	expect(framedSize(PICTURE, { region: null, rotate: 90 })).toMatchObject({ width: 720, height: 1280 });
	expect(framedSize(PICTURE, { region: null, rotate: 180 })).toMatchObject(PICTURE);
});

it('framedSize never reaches outside the picture and is never empty', () => {
	for (const x of [0, 0.333, 0.999, 1]) {
		const beside = framedSize(PICTURE, { region: { x, y: 0, width: 1 - x, height: 1 }, rotate: 0 });
		expect(beside.cutWidth).toBeGreaterThanOrEqual(1);
		expect(beside.left + beside.cutWidth).toBe(1280);
		const below = framedSize(PICTURE, { region: { x: 0, y: x, width: 1, height: 1 - x }, rotate: 0 });
		expect(below.cutHeight).toBeGreaterThanOrEqual(1);
		expect(below.top + below.cutHeight).toBe(720);
	}
});

describe('a framed source', () => {
	const drawImage = vi.fn();
	const context = {
		setTransform: vi.fn(),
		rotate: vi.fn(),
		scale: vi.fn(),
		drawImage,
		canvas: { width: 0, height: 0 }
	};
	class Bitmap {
		readonly width = 640;
		readonly height = 480;
		readonly close = vi.fn();
	}
	const picture = new Bitmap();

	beforeEach(() => {
		drawImage.mockClear();
		vi.stubGlobal('document', { createElement: () => ({ getContext: () => context }) });
		vi.stubGlobal('ImageBitmap', Bitmap);
		vi.stubGlobal('createImageBitmap', () => Promise.resolve('cut'));
	});
	afterEach(() => vi.unstubAllGlobals());

	async function grabs(region: Framing['region'], room: () => Size | null): Promise<unknown> {
		const source = { start: () => Promise.resolve(), grab: () => Promise.resolve(picture) } as unknown as FrameSource;
		const framed = new FramedSource(source, { region, rotate: 0 }, { mirrored: false, everyMs: () => 0, room });
		await framed.start(new AbortController().signal);
		return framed.grab();
	}

	it('draws what is shown, and nothing if only figures are shown', async () => {
		let room: Size | null = null;
		expect(await grabs(null, () => room)).toBe(picture);
		expect(drawImage).not.toHaveBeenCalled();
		room = { width: Infinity, height: Infinity };
		expect(await grabs(null, () => room)).toBe(picture);
		expect(drawImage).toHaveBeenCalledOnce();
		expect(context.canvas).toEqual({ width: 640, height: 480 });
	});

	it('draws no more than there is room for, and never enlarges', async () => {
		for (const [room, size] of [
			[
				{ width: 400, height: 240 },
				{ width: 320, height: 240 }
			],
			[
				{ width: 64, height: 900 },
				{ width: 64, height: 48 }
			],
			[
				{ width: 1920, height: 1080 },
				{ width: 640, height: 480 }
			]
		] as const) {
			expect(await grabs(null, () => room)).toBe(picture);
			expect(context.canvas).toEqual(size);
			expect(context.scale).toHaveBeenLastCalledWith(size.width / 640, size.height / 480);
		}
	});

	it('draws its region unscaled, however little room there is', async () => {
		await grabs({ x: 0, y: 0, width: 0.5, height: 1 }, () => ({ width: 10, height: 10 }));
		expect(context.canvas).toEqual({ width: 320, height: 480 });
	});

	it('draws its region whether it is shown or not', async () => {
		expect(await grabs({ x: 0, y: 0, width: 0.5, height: 1 }, () => null)).toBe('cut');
		expect(drawImage).toHaveBeenCalledOnce();
	});
});
