/** "Match this face": expressions to show to the camera, one after another. Pure; the clock is passed in. */

/** An expression counts once it has been shown with this probability for this long. */
const NEEDED = 0.5;
const HOLD_MS = 700;
/** Most time that counts between two frames: a tab that slept held nothing. */
const MOST_STEP_MS = 250;
/** The easy ones first, so that nobody begins with disgust. */
const EASY = ['happy', 'surprise', 'neutral'];

export interface Match {
	/** In the order they are asked for. */
	readonly labels: readonly string[];
	/** Index of the one asked for now; the number of labels when the game is over. */
	readonly at: number;
	readonly matched: number;
	/** How long it has been shown so far. */
	readonly heldMs: number;
	/** Time of the previous frame. */
	readonly timeMs: number | null;
}

/** A new game with these labels. */
export function beginMatch(labels: readonly string[]): Match {
	const easy = EASY.filter((label) => labels.includes(label));
	const order = [...easy, ...labels.filter((label) => !easy.includes(label))];
	return { labels: order, at: 0, matched: 0, heldMs: 0, timeMs: null };
}

/** The expression asked for, or null when the game is over. */
export function targetOf({ labels, at }: Match): string | null {
	return labels[at] ?? null;
}

/** How much of the time it has been held, 0..1. */
export function heldShare({ heldMs }: Match): number {
	return Math.min(1, heldMs / HOLD_MS);
}

/** The game after a frame that shows the target with this probability; 0 if there is no face. */
export function playMatch(match: Match, share: number, timeMs: number): Match {
	const stepMs = match.timeMs === null ? 0 : Math.min(MOST_STEP_MS, Math.max(0, timeMs - match.timeMs));
	const heldMs = share >= NEEDED ? match.heldMs + stepMs : Math.max(0, match.heldMs - stepMs);
	if (targetOf(match) === null || heldMs < HOLD_MS) return { ...match, heldMs, timeMs };
	return { ...match, at: match.at + 1, matched: match.matched + 1, heldMs: 0, timeMs };
}

/** Goes on with the next one. */
export function skipMatch(match: Match): Match {
	return { ...match, at: Math.min(match.labels.length, match.at + 1), heldMs: 0 };
}
