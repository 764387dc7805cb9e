/** Drawn faces for visitors without labelled pictures. They show how the page works, not how good a model is. */
import { drawnFace } from '$lib/overlay/drawn-face';
import { DRAWN_LABELS } from '$lib/overlay/expressions';

const EACH = 6;

/** Six faces of each expression, in folders named after them. */
export function sampleSet(): Promise<{ name: string; file: File }[]> {
	const pictures = DRAWN_LABELS.flatMap((label, row) =>
		Array.from({ length: EACH }, async (_, index) => {
			const wave = (step: number): number => Math.sin(step * (index + 1) + row);
			const face = await drawnFace(label, { size: wave(1), turn: wave(2.1), shift: wave(3.3), light: wave(4.7) });
			const name = `${label}-${index + 1}.png`;
			return { name: `drawn faces/${label}/${name}`, file: new File([face], name, { type: 'image/png' }) };
		})
	);
	return Promise.all(pictures);
}
