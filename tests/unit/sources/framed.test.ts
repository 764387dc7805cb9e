import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FramedSource, type Framing, framedSize } from '../../../src/lib/sources/framed';
import type { FrameSource } from '../../../src/lib/sources/source';

const PICTURE = { width: 1280, height: 720 };

it('takes the whole picture, a part of it, or either turned', () => {
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

it('never reaches outside, and is never empty', () => {
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
	const context = { setTransform: vi.fn(), rotate: vi.fn(), drawImage, canvas: { width: 0, height: 0 } };
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

	async function grabs(region: Framing['region'], isShown: () => boolean): Promise<unknown> {
		const source = { start: () => Promise.resolve(), grab: () => Promise.resolve(picture) } as unknown as FrameSource;
		const framed = new FramedSource(source, { region, rotate: 0 }, { mirrored: false, everyMs: () => 0, isShown });
		await framed.start(new AbortController().signal);
		return framed.grab();
	}

	it('draws what is shown, and nothing where figures alone are', async () => {
		let isShown = false;
		expect(await grabs(null, () => isShown)).toBe(picture);
		expect(drawImage).not.toHaveBeenCalled();
		isShown = true;
		expect(await grabs(null, () => isShown)).toBe(picture);
		expect(drawImage).toHaveBeenCalledOnce();
	});

	it('draws what it cuts out, shown or not', async () => {
		expect(await grabs({ x: 0, y: 0, width: 0.5, height: 1 }, () => false)).toBe('cut');
		expect(drawImage).toHaveBeenCalledOnce();
	});
});
