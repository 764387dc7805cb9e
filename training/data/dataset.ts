/** FER2013's pictures, labels and splits in memory. */
import { FER2013_SIDE } from '../../src/lib/core/fer2013';

const PIXELS = FER2013_SIDE * FER2013_SIDE;

/** Rows in the order of the file. `pixels`: [n, 48, 48] of 0..255; `usage`: 0 Training, 1 PublicTest, 2 PrivateTest. */
export interface Dataset {
	readonly n: number;
	readonly pixels: Uint8Array<SharedArrayBuffer>;
	readonly labels: Uint8Array<SharedArrayBuffer>;
	readonly usage: Uint8Array<SharedArrayBuffer>;
	/** [n, 7]: FER+'s votes for each row, as a distribution, or all 0. */
	readonly softLabels?: Float32Array<SharedArrayBuffer>;
	/** [n, 7]: the labels of all copies of a row's picture, as a distribution; all 0 for a picture that occurs once. */
	readonly sharedLabels?: Float32Array<SharedArrayBuffer>;
	/** [n, 7]: the answers of face-api's network for each row of Training. */
	readonly faceApi?: Float32Array<SharedArrayBuffer>;
	/** [n, width]: what frozen convolutions make of each picture. */
	readonly features?: { readonly width: number; readonly values: Float32Array<SharedArrayBuffer> };
	/** 1 for rows that are left out of training. */
	readonly excluded?: Uint8Array<SharedArrayBuffer>;
}

/** `train`: Training; `public`: PublicTest; `private`: PrivateTest; `paper`: both, the last 7,178 rows, as the paper tests. */
export const SPLITS = ['train', 'public', 'private', 'paper'] as const;
export type Split = (typeof SPLITS)[number];

/** Row numbers of a split, counted from 0. */
export function rowsOf(dataset: Dataset, split: Split): Uint32Array<SharedArrayBuffer> {
	const belongs = {
		train: (row: number) => dataset.usage[row] === 0 && dataset.excluded?.[row] !== 1,
		public: (row: number) => dataset.usage[row] === 1,
		private: (row: number) => dataset.usage[row] === 2,
		paper: (row: number) => dataset.usage[row] !== 0
	}[split];
	const rows = new Uint32Array(new SharedArrayBuffer(4 * dataset.n));
	let count = 0;
	for (let row = 0; row < dataset.n; row++) if (belongs(row)) rows[count++] = row;
	return rows.subarray(0, count);
}

/** The picture of one row: a view of [48 * 48] grey values. */
export function pictureOf(dataset: Pick<Dataset, 'pixels'>, row: number): Uint8Array {
	return dataset.pixels.subarray(row * PIXELS, (row + 1) * PIXELS);
}

/** Mirrors pictures left to right, in place, and returns them. */
export function mirrorInPlace<T extends Uint8Array>(pictures: T): T {
	for (let start = 0; start < pictures.length; start += FER2013_SIDE)
		pictures.subarray(start, start + FER2013_SIDE).reverse();
	return pictures;
}

/** The data set with each picture mirrored left to right. */
export function mirrorImages(dataset: Dataset): Dataset {
	const pixels = new Uint8Array(new SharedArrayBuffer(dataset.pixels.length));
	pixels.set(dataset.pixels);
	return { ...dataset, pixels: mirrorInPlace(pixels) };
}

/** Equal for rows whose pictures are the same to the last pixel. */
export function pictureKey(dataset: Dataset, row: number): string {
	return Buffer.from(pictureOf(dataset, row)).toString('latin1');
}

/** Room for `n` rows in shared memory, so that worker threads read the same copy. */
export function allocate(n: number): Dataset {
	return {
		n,
		pixels: new Uint8Array(new SharedArrayBuffer(n * PIXELS)),
		labels: new Uint8Array(new SharedArrayBuffer(n)),
		usage: new Uint8Array(new SharedArrayBuffer(n))
	};
}
