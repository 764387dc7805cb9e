/** What the model sees of one face, and which parts speak for its label; a few times a second, and only on request. */
import type { Explanation, FaceResult, FrameResult } from '../core/types';

/** An explanation costs as much as 50 faces: it may take this share of the time, and come no more often than this. */
const BUSY_SHARE = 0.25;
const PAUSE_MS = 250;

export interface InsightOptions {
	readonly explain: (input: Uint8Array) => Promise<Explanation>;
	/** Milliseconds of a clock that never goes back. */
	readonly now: () => number;
}

export class Insight {
	#open = $state(false);
	#chosenId: number | null = $state.raw(null);
	#result: FrameResult | null = $state.raw(null);
	#explained: { readonly input: Uint8Array; readonly explanation: Explanation } | null = $state.raw(null);
	/** Counts changes that make an answer under way obsolete. */
	#turn = 0;
	#busy = false;
	#nextMs = -Infinity;
	readonly #options: InsightOptions;

	constructor(options: InsightOptions) {
		this.#options = options;
	}

	/** Ids that can be chosen. */
	readonly faceIds: readonly number[] = $derived((this.#result?.faces ?? []).map(({ id }) => id));
	/** The face looked at: the chosen one or, while it is not there, the largest. */
	readonly face: FaceResult | null = $derived.by(() => {
		const faces = this.#result?.faces ?? [];
		const largest = faces.toSorted((a, b) => b.box.width - a.box.width)[0] ?? null;
		return faces.find(({ id }) => id === this.#chosenId) ?? largest;
	});

	get isOpen(): boolean {
		return this.#open;
	}

	/** The last explanation, and the input that it explains. */
	get explained(): { readonly input: Uint8Array; readonly explanation: Explanation } | null {
		return this.#explained;
	}

	setOpen(open: boolean): void {
		this.#open = open;
		if (open) this.#ask();
		else this.#forget();
	}

	/** Looks at this face; null: at the largest. */
	choose(faceId: number | null): void {
		if (faceId === this.#chosenId) return;
		this.#chosenId = faceId;
		this.#forget();
		this.#ask();
	}

	/** A new result is shown, or none. */
	look(result: FrameResult | null): void {
		this.#result = result;
		if (result === null) this.#forget();
		this.#ask();
	}

	#forget(): void {
		this.#turn++;
		this.#explained = null;
	}

	#ask(): void {
		const input = this.face?.input;
		if (!this.#open || this.#busy || input === undefined || input.length === 0) return;
		// A still gives only one result: it must not be missed because it came too early.
		const waitMs = this.#nextMs - this.#options.now();
		if (this.#explained?.input === input) return;
		this.#busy = true;
		if (waitMs <= 0) void this.#explain(input);
		else
			setTimeout(() => {
				this.#busy = false;
				this.#ask();
			}, waitMs);
	}

	async #explain(input: Uint8Array): Promise<void> {
		const beganMs = this.#options.now();
		const turn = this.#turn;
		try {
			const explanation = await this.#options.explain(input);
			if (turn === this.#turn) this.#explained = { input, explanation };
		} catch {
			// The worker is restarting, or the model is being changed: the next result tries again.
		} finally {
			const tookMs = this.#options.now() - beganMs;
			this.#nextMs = this.#options.now() + Math.max(PAUSE_MS, tookMs * (1 / BUSY_SHARE - 1));
			this.#busy = false;
		}
		// Even if it failed: a still gives no next result.
		this.#ask();
	}
}
