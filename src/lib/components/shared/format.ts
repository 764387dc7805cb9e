/** A fraction of 0..1 as a whole percentage: "92 %". */
export function percent(fraction: number): string {
	return `${Math.round(fraction * 100)} %`;
}

/** A fraction of 0..1 as a percentage with one decimal: "66.3 %". */
export function exactPercent(fraction: number): string {
	return `${(fraction * 100).toFixed(1)} %`;
}

/** Milliseconds: one decimal below ten, none from there on; from a second on seconds. */
export function milliseconds(ms: number): string {
	if (ms >= 999.5) return `${(ms / 1000).toFixed(ms < 9950 ? 1 : 0)} s`;
	return `${ms.toFixed(ms < 9.95 ? 1 : 0)} ms`;
}

/** From here on whole thousands would read as a thousand thousands. */
const ROUNDS_TO_MILLION = 999_500;

/** Bytes in the decimal units that browsers and stores use. */
export function fileSize(bytes: number): string {
	return bytes < ROUNDS_TO_MILLION ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** A count in thousands or millions: "602 k", "1.8 M". */
export function shortCount(count: number): string {
	return count < ROUNDS_TO_MILLION ? `${Math.round(count / 1e3)} k` : `${(count / 1e6).toFixed(1)} M`;
}

/**
 * What odds are multiplied by: "fear × 0.6 and neutral × 3", unbroken about the sign; empty where none is. `ratio`: of
 * each of `labels`.
 */
export function weights(labels: readonly string[], ratio: readonly number[]): string {
	const parts = labels.flatMap((label, index) => {
		const weight = ratio[index] ?? 1;
		return weight === 1 ? [] : [`${label}\u00a0×\u00a0${weight}`];
	});
	return listed(parts);
}

/** "a", "a and b", "a, b, and c". As Intl.ListFormat writes it, which takes tens of milliseconds to load. */
export function listed(parts: readonly string[]): string {
	const [last = '', ...before] = parts.toReversed();
	if (before.length < 2) return [...before, last].join(' and ');
	return `${before.toReversed().join(', ')}, and ${last}`;
}

/** A whole number with its thousands apart: "1,234,567". As toLocaleString writes it, which is as slow at first. */
export function grouped(n: number): string {
	return String(n).replace(/\B(?=(\d{3})+$)/g, ',');
}

const two = (value: number): string => String(value).padStart(2, '0');

/** A span of time in its two greatest units: "3 s", "4 min 20 s", "2 h 05 min". */
export function timeSpan(ms: number): string {
	const seconds = Math.round(ms / 1000);
	if (seconds < 60) return `${seconds} s`;
	const minutes = Math.floor(seconds / 60);
	if (minutes < 60) return `${minutes} min ${two(seconds % 60)} s`;
	return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

const SPELLED = ['tenth', 'eleventh', 'twelfth', 'thirteenth', 'fourteenth', 'fifteenth'];

/** A part of something, from tenths to fifteenths in words: "fourteenth", "30th". */
export function ordinal(part: number): string {
	const suffix = /1[123]$/.test(String(part)) ? 'th' : (['th', 'st', 'nd', 'rd'][part % 10] ?? 'th');
	return SPELLED[part - 10] ?? `${part}${suffix}`;
}

/** "1 face", "12 faces". */
export function counted(n: number, one: string): string {
	return `${grouped(n)} ${one}${n === 1 ? '' : 's'}`;
}
