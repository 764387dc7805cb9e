/** A small picture of each face, to tell who is who; kept in memory only. */
import type { FaceResult } from '../../core/types';

const SIDE_PX = 96;
/** A new picture is taken if the face is this much larger. */
const LARGER = 1.4;
/** The box only covers brows to chin, so the picture is this much larger. */
const GROW = 1.5;
/** Most faces with pictures: nobody looks at all those of a crowd. */
const MOST = 400;

export class FacePictures {
	#urls: Readonly<Partial<Record<number, string>>> = $state.raw({});
	/** Width of the faces that have one, or will. */
	#sizes: Readonly<Partial<Record<number, number>>> = {};

	/** Address of a face's picture, or null. */
	of(faceId: number): string | null {
		return this.#urls[faceId] ?? null;
	}

	/** The picture of the largest of these faces that has one. */
	ofAny(faceIds: readonly number[]): string | null {
		const best = faceIds.toSorted((a, b) => (this.#sizes[b] ?? 0) - (this.#sizes[a] ?? 0));
		return best.map((id) => this.of(id)).find((url) => url !== null) ?? null;
	}

	/** Whether this look at a face is the first, or a much better one. */
	wants({ id, box }: Pick<FaceResult, 'id' | 'box'>): boolean {
		const before = this.#sizes[id];
		return before === undefined ? Object.keys(this.#sizes).length < MOST : box.width > before * LARGER;
	}

	/** Cuts a face out of a picture that has `scale` pixels for each pixel of the face's box. */
	take(picture: HTMLCanvasElement, { id, box }: Pick<FaceResult, 'id' | 'box'>, scale: number): void {
		const canvas = document.createElement('canvas');
		canvas.width = SIDE_PX;
		canvas.height = SIDE_PX;
		const context = canvas.getContext('2d');
		if (context === null) return;
		const side = Math.max(box.width, box.height) * GROW * scale;
		const [x, y] = [(box.x + box.width / 2) * scale - side / 2, (box.y + box.height / 2) * scale - side / 2];
		context.imageSmoothingQuality = 'high';
		context.drawImage(picture, x, y, side, side, 0, 0, SIDE_PX, SIDE_PX);
		this.#sizes = { ...this.#sizes, [id]: box.width };
		canvas.toBlob(
			(blob) => {
				if (blob === null || !(id in this.#sizes)) return;
				const before = this.#urls[id];
				this.#urls = { ...this.#urls, [id]: URL.createObjectURL(blob) };
				if (before !== undefined) URL.revokeObjectURL(before);
			},
			'image/jpeg',
			0.8
		);
	}

	clear(): void {
		for (const url of Object.values(this.#urls)) if (url !== undefined) URL.revokeObjectURL(url);
		this.#urls = {};
		this.#sizes = {};
	}
}
