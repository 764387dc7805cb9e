/** A fraction 0..1 as a whole percentage: "92 %". */
export function percent(fraction: number): string {
	return `${Math.round(fraction * 100)} %`;
}

/** A fraction 0..1 as a percentage with one decimal: "66.3 %". */
export function exactPercent(fraction: number): string {
	return `${(fraction * 100).toFixed(1)} %`;
}

/** Milliseconds with one decimal below ten and none above; seconds from one second on. */
export function milliseconds(ms: number): string {
	if (ms >= 999.5) return `${(ms / 1000).toFixed(ms < 9950 ? 1 : 0)} s`;
	return `${ms.toFixed(ms < 9.95 ? 1 : 0)} ms`;
}

/** From here on, rounding to whole thousands would give "1000 k". */
const ROUNDS_TO_MILLION = 999_500;

/** Bytes in decimal units, as browsers and app stores use. */
export function fileSize(bytes: number): string {
	return bytes < ROUNDS_TO_MILLION ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** A count in thousands or millions: "602 k", "1.8 M". */
export function shortCount(count: number): string {
	return count < ROUNDS_TO_MILLION ? `${Math.round(count / 1e3)} k` : `${(count / 1e6).toFixed(1)} M`;
}

/**
 * What the odds are multiplied by: "fear × 0.6 and neutral × 3", without line breaks around the sign; empty if all
 * weights are 1. `ratio`: one weight per label.
 */
export function weights(labels: readonly string[], ratio: readonly number[]): string {
	const parts = labels.flatMap((label, index) => {
		const weight = ratio[index] ?? 1;
		return weight === 1 ? [] : [`${label}\u00a0×\u00a0${weight}`];
	});
	return listed(parts);
}

/** "a", "a and b", "a, b, and c". Same as Intl.ListFormat, which takes tens of milliseconds to load. */
export function listed(parts: readonly string[]): string {
	const [last = '', ...before] = parts.toReversed();
	if (before.length < 2) return [...before, last].join(' and ');
	return `${before.toReversed().join(', ')}, and ${last}`;
}

/** A whole number with thousands separators: "1,234,567". Same as toLocaleString, which is as slow on first use. */
export function grouped(n: number): string {
	return String(n).replace(/\B(?=(\d{3})+$)/g, ',');
}

const two = (value: number): string => String(value).padStart(2, '0');

/** A time span in its two largest units: "3 s", "4 min 20 s", "2 h 05 min". */
export function timeSpan(ms: number): string {
	const seconds = Math.round(ms / 1000);
	if (seconds < 60) return `${seconds} s`;
	const minutes = Math.floor(seconds / 60);
	if (minutes < 60) return `${minutes} min ${two(seconds % 60)} s`;
	return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

const SPELLED = ['tenth', 'eleventh', 'twelfth', 'thirteenth', 'fourteenth', 'fifteenth'];

/** The name of a fraction, tenth to fifteenth in words: "fourteenth", "30th". */
export function ordinal(part: number): string {
	const suffix = /1[123]$/.test(String(part)) ? 'th' : (['th', 'st', 'nd', 'rd'][part % 10] ?? 'th');
	return SPELLED[part - 10] ?? `${part}${suffix}`;
}

/** "1 face", "12 faces". */
export function counted(n: number, one: string): string {
	return `${grouped(n)} ${one}${n === 1 ? '' : 's'}`;
}
