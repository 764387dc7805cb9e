import { allocate, type Dataset } from '../../../training/data/dataset';
import { createRandom } from '../../../training/lib/random';

/**
 * `n` pictures of 8 x 8 blocks of random greys with random labels: nothing to learn, only to memorise. Blocks survive
 * scaling down. The first `training` rows are of Training, the others of PublicTest.
 */
export function blockPictures(n: number, training: number, seed: number): Dataset {
	const random = createRandom(seed);
	const dataset = allocate(n);
	for (let row = 0; row < n; row++) {
		const blocks = Array.from({ length: 64 }, () => Math.floor(random() * 256));
		for (let i = 0; i < 2304; i++)
			dataset.pixels[row * 2304 + i] = blocks[Math.floor(i / 288) * 8 + Math.floor((i % 48) / 6)] ?? 0;
		dataset.labels[row] = Math.floor(random() * 7);
		dataset.usage[row] = row < training ? 0 : 1;
	}
	return dataset;
}
