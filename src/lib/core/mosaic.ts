/** Several small parts of a frame in one look: four known faces cost a detector as much as one. */
import { faceToFrame, SHORT_RANGE } from './blazeface';
import { boxCentre, type Letterbox } from './geometry';
import { letterboxInput } from './preprocess';
import type { Box, DetectedFace, FaceDetector, Frame } from './types';

/** Cells per row, and rows. */
const CELLS = 2;
/** Side of a cell: together they fill the near detector's input without further scaling. */
const CELL_PX = SHORT_RANGE.size / CELLS;

/** Regions in one look. */
export const MOSAIC_REGIONS = CELLS ** 2;

/** A way to look at regions of a frame; returns the faces of each, in frame pixels. */
export type LookAtEach = (
	detector: FaceDetector,
	frame: Frame,
	regions: readonly Box[],
	minConfidence: number
) => Promise<readonly (readonly DetectedFace[])[]>;

/** Looks at four regions at a time, side by side in one picture of the near detector's size: 64 x 64 pixels each. */
export const lookInMosaic: LookAtEach = async (detector, frame, regions, minConfidence) => {
	const found: DetectedFace[][] = [];
	for (let start = 0; start < regions.length; start += MOSAIC_REGIONS) {
		const { picture, cells } = createMosaic(frame, regions.slice(start, start + MOSAIC_REGIONS));
		const faces = await detector.detect(picture, { minConfidence });
		for (const [index, transform] of cells.entries())
			found.push(faces.filter((face) => cellOf(face) === index).map((face) => faceToFrame(face, transform)));
	}
	return found;
};

/** The picture, and for each region where the frame lies in it; unused cells are black. */
function createMosaic(frame: Frame, regions: readonly Box[]): { picture: Frame; cells: Letterbox[] } {
	const side = CELLS * CELL_PX;
	const data = new Uint8ClampedArray(side * side * 4);
	const cells = regions.map((region, index) => {
		const [left, top] = [(index % CELLS) * CELL_PX, Math.floor(index / CELLS) * CELL_PX];
		const cell = letterboxInput(frame, CELL_PX, [0, 255], region);
		for (let y = 0; y < CELL_PX; y++) {
			for (let x = 0; x < CELL_PX; x++) {
				const from = (y * CELL_PX + x) * 3;
				const to = ((top + y) * side + left + x) * 4;
				for (let channel = 0; channel < 3; channel++) data[to + channel] = cell.data[from + channel] ?? 0;
				data[to + 3] = 255;
			}
		}
		const { scale, offsetX, offsetY } = cell.transform;
		return { scale, offsetX: offsetX + left, offsetY: offsetY + top };
	});
	return { picture: { width: side, height: side, data }, cells };
}

/** Index of the region whose cell holds the centre of a face. */
function cellOf({ box }: DetectedFace): number {
	const { x, y } = boxCentre(box);
	return Math.floor(y / CELL_PX) * CELLS + Math.floor(x / CELL_PX);
}
