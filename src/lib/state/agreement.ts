/** How often several models say the same about a face. */
import type { FrameResult } from '../core/types';
import { votesOf, type Voter } from '../core/verdict';

export interface Agreement {
	/** Faces that all models have read so far, counted in every frame. */
	readonly readings: number;
	/** Those to which all gave the same label. */
	readonly unanimous: number;
	/** By model id: those to which it gave the same label as the first model. */
	readonly withFirst: Readonly<Record<string, number>>;
}

export const NO_AGREEMENT: Agreement = { readings: 0, unanimous: 0, withFirst: {} };

/** The count after another frame. Labels are compared by name, so models may order theirs differently. */
export function countAgreement(agreement: Agreement, { faces }: FrameResult, voters: readonly Voter[]): Agreement {
	if (voters.length < 2) return agreement;
	let { readings, unanimous } = agreement;
	const withFirst: Record<string, number> = { ...agreement.withFirst };
	for (const face of faces) {
		const [first, ...others] = votesOf(face, voters);
		if (first === undefined || others.includes(undefined)) continue;
		readings++;
		if (others.every((label) => label === first)) unanimous++;
		for (const [index, label] of others.entries()) {
			const id = voters[index + 1]?.id ?? '';
			withFirst[id] = (withFirst[id] ?? 0) + (label === first ? 1 : 0);
		}
	}
	return { readings, unanimous, withFirst };
}
