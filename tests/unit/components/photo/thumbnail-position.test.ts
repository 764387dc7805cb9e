import { describe, expect, it } from 'vitest';
import { thumbnailPosition } from '../../../../src/lib/components/photo/thumbnail-position';

const face = (x: number, y: number, side = 40) => ({ box: { x, y, width: side, height: side } });

describe('thumbnailPosition', () => {
	it('centres a face in the visible part of a tall picture', () => {
		// 225 of 2400 pixels are visible, 187.5 to 412.5 of them.
		const position = thumbnailPosition({ width: 300, height: 2400, faces: [face(0, 280)] });
		expect(position?.x).toBe(50);
		expect(position?.y).toBeCloseTo((100 * 187.5) / (2400 - 225));
	});

	it('stays within the picture', () => {
		expect(thumbnailPosition({ width: 300, height: 2400, faces: [face(0, 0)] })?.y).toBe(0);
		expect(thumbnailPosition({ width: 2400, height: 300, faces: [face(2350, 0)] })?.x).toBe(100);
	});

	it('shows all faces if there is room for them', () => {
		const position = thumbnailPosition({ width: 2400, height: 300, faces: [face(1000, 0), face(1160, 0, 80)] });
		expect(position?.x).toBeCloseTo((100 * (1120 - 200)) / (2400 - 400));
	});

	it('shows the largest face if there is no room for all', () => {
		const faces = [face(0, 0), face(2000, 0, 80), face(2300, 0)];
		expect(thumbnailPosition({ width: 2400, height: 300, faces })?.x).toBeCloseTo((100 * (2040 - 200)) / 2000);
	});

	it('is null without a face', () => {
		expect(thumbnailPosition({ width: 300, height: 2400, faces: [] })).toBeNull();
	});
});
