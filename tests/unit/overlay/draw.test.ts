import { describe, expect, it } from 'vitest';
import type { FaceResult, FrameResult } from '../../../src/lib/core/types';
import { boxInViewport, containedBox, drawOverlay, type Viewport } from '../../../src/lib/overlay/draw';

const MODEL = { id: 'mien', labels: ['happy', 'sad'], unsureBelow: 0.4 };

const viewport = (changes: Partial<Viewport> = {}): Viewport => ({
	width: 400,
	height: 300,
	pixelRatio: 2,
	remPx: 16,
	mirrored: false,
	font: 'sans-serif',
	colourOf: (colour) => `colour of ${colour}`,
	...changes
});

function frame(boxes: readonly FaceResult['box'][], smoothed = [0.2, 0.8]): FrameResult {
	const faces = boxes.map((box, index) => ({
		id: index + 3,
		box,
		readings: { mien: { scores: smoothed, smoothed, top: 1 } }
	}));
	return { width: 800, height: 600, timeMs: 0, faces, times: {} } as unknown as FrameResult;
}

/** A context that records the calls on it. */
function recorder() {
	const calls: { name: string; args: unknown[]; strokeStyle: unknown; globalAlpha: unknown }[] = [];
	const state: Record<string, unknown> = {};
	const context = new Proxy(state, {
		get: (_, name: string) => {
			if (name in state) return state[name];
			return (...args: unknown[]) => {
				calls.push({ name, args, strokeStyle: state['strokeStyle'], globalAlpha: state['globalAlpha'] });
				return name === 'measureText' ? { width: 8 * String(args[0]).length } : undefined;
			};
		}
	}) as unknown as CanvasRenderingContext2D;
	const of = (name: string) => calls.filter((call) => call.name === name);
	const alphas = (name: string) => of(name).map(({ globalAlpha }) => globalAlpha);
	return { context, of, alphas };
}

describe('containedBox', () => {
	it('centres a wide picture between bars above and below', () => {
		expect(containedBox({ width: 1600, height: 900 }, { width: 400, height: 300 })).toEqual({
			x: 0,
			y: 37.5,
			width: 400,
			height: 225
		});
	});

	it('centres a tall picture between bars at its sides', () => {
		expect(containedBox({ width: 300, height: 600 }, { width: 400, height: 300 })).toEqual({
			x: 125,
			y: 0,
			width: 150,
			height: 300
		});
	});
});

describe('boxInViewport', () => {
	const box = { x: 80, y: 60, width: 160, height: 120 };

	it('scales with the picture', () => {
		expect(boxInViewport(box, frame([]), viewport())).toEqual({ x: 40, y: 30, width: 80, height: 60 });
	});

	it('mirrors inside the picture, not inside the bars', () => {
		const seen = boxInViewport(box, { width: 300, height: 600 }, viewport({ mirrored: true }));
		// The picture is 150 wide and begins at 125; the box spans 80 to 240 of 300, mirrored 60 to 220.
		expect(seen).toEqual({ x: 125 + 30, y: 30, width: 80, height: 60 });
	});
});

describe('drawOverlay', () => {
	it('works in CSS pixels on a canvas of device pixels', () => {
		const { context, of } = recorder();
		drawOverlay(context, null, MODEL, viewport());
		expect(of('setTransform')[0]?.args).toEqual([2, 0, 0, 2, 0, 0]);
		expect(of('clearRect')[0]?.args).toEqual([0, 0, 400, 300]);
		expect(of('fillText')).toEqual([]);
	});

	it('writes label and confidence in the colour of the class, and ids only if there are several faces', () => {
		const one = recorder();
		drawOverlay(one.context, frame([{ x: 200, y: 200, width: 100, height: 100 }]), MODEL, viewport());
		expect(one.of('fillText')[0]?.args[0]).toBe('Sad  80 %');
		expect(one.of('stroke').map(({ strokeStyle }) => strokeStyle)).toContain('colour of sad');

		const two = recorder();
		const box = { x: 200, y: 200, width: 100, height: 100 };
		drawOverlay(two.context, frame([box, { ...box, x: 500 }]), MODEL, viewport());
		expect(two.of('fillText').map(({ args }) => args[0])).toEqual(['3  Sad  80 %', '4  Sad  80 %']);
	});

	it('writes no words at boxes under 2.5 rem, and explains their colour at the edge', () => {
		const { context, of } = recorder();
		const box = { x: 200, y: 200, width: 60, height: 60 };
		drawOverlay(context, frame([box, { ...box, x: 500 }]), MODEL, viewport());
		expect(of('fillText').map(({ args }) => args[0])).toEqual(['Sad']);
	});

	it('writes neither beside a face nor at the edge under buttons', () => {
		const boxes = [
			{ x: 200, y: 200, width: 100, height: 100 },
			{ x: 500, y: 200, width: 60, height: 60 }
		];
		const texts = (covered: Viewport['covered'] = []) => {
			const { context, of } = recorder();
			drawOverlay(context, frame(boxes), MODEL, viewport({ covered }));
			return of('fillText').map(({ args }) => args[0]);
		};
		expect(texts()).toEqual(['3  Sad  80 %', 'Sad']);
		expect(texts([{ x: 0, y: 0, width: 400, height: 300 }])).toEqual([]);
	});

	it('draws the other faces faintly beside the one that is picked', () => {
		const { context, alphas } = recorder();
		const box = { x: 200, y: 200, width: 100, height: 100 };
		drawOverlay(context, frame([box, { ...box, x: 500 }]), MODEL, viewport(), undefined, 4);
		expect(alphas('roundRect').slice(0, 4)).toEqual([0.35, 0.35, 1, 1]);
		expect(alphas('fillText')).toEqual([0.35, 1]);
	});

	it('writes "Unsure" in grey instead of a label that is not likely enough', () => {
		const { context, of } = recorder();
		const box = { x: 200, y: 200, width: 100, height: 100 };
		drawOverlay(context, frame([box], [0.61, 0.39]), MODEL, viewport());
		expect(of('fillText')[0]?.args[0]).toBe('Unsure');
		expect(of('stroke').map(({ strokeStyle }) => strokeStyle)).not.toContain('colour of sad');
	});

	it('keeps the label inside the canvas', () => {
		const edges = [
			{ x: -40, y: -30, width: 100, height: 100 },
			{ x: 780, y: 580, width: 100, height: 100 }
		];
		const { context, of } = recorder();
		drawOverlay(context, frame(edges), MODEL, viewport());
		const chips = of('roundRect')
			.map(({ args }) => args as [number, number, number, number, number])
			.filter(([, , , height, radius]) => radius === height / 2);
		expect(chips).toHaveLength(2);
		for (const [x, y, width, height] of chips) {
			expect(x).toBeGreaterThanOrEqual(0);
			expect(x + width).toBeLessThanOrEqual(400);
			expect(y).toBeGreaterThanOrEqual(0);
			expect(y + height).toBeLessThanOrEqual(300);
		}
	});
});
