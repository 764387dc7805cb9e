/** What a tour of all transports recorded, and what that says about the kiosk. */
import { fitLine, type Line, median } from './figures';
import { table } from './tables';

export interface TourFault {
	readonly leg: number;
	/** What had the fault: a transport, the page or the broker. */
	readonly what: string;
	readonly title: string;
	readonly minute: number;
	readonly heldS: number;
	/** From its end until both cameras show faces; null for never. */
	readonly recoveredS: number | null;
	/** The other camera's results with a face while it was held; null if the fault is not one camera's only. */
	readonly otherResults: number | null;
}

export interface TourSample {
	readonly leg: number;
	/** Minutes since the leg began. */
	readonly minute: number;
	readonly heapMb: number;
	readonly tensors: number | null;
	readonly processMb: number | null;
}

/** A period of the kiosk's own clock in which its page stood still or was opening, in milliseconds since 1970. */
export interface Gap {
	readonly fromMs: number;
	readonly toMs: number;
}

export interface LoggedMinute {
	readonly camera: string;
	/** Its start, in milliseconds since 1970. */
	readonly minute: number;
	readonly frames: number;
}

export interface Tour {
	readonly minutes: number;
	/** How many times faster than real time the kiosk's clock ran. */
	readonly speed: number;
	readonly legs: readonly string[];
	readonly faults: readonly TourFault[];
	readonly samples: readonly TourSample[];
	readonly gaps: readonly Gap[];
	readonly logged: readonly LoggedMinute[];
	/** The minutes that came from the broker. */
	readonly published: readonly LoggedMinute[];
	readonly reloads: number;
	readonly troubles: readonly string[];
}

const MINUTE_MS = 60_000;
/** Until then, caches fill and code is compiled. */
const SETTLED_MINUTES = 1.5;
/** A slope over less time says more about the garbage collector than about the kiosk. */
const JUDGED_LEG_MINUTES = 20;
const GROWTH_LIMIT_MB = 2;
/** During a shorter fault, the other source may not have been due to give a picture anyway. */
const LEAST_HELD_S = 3;

/** Minutes between each camera's first and last that have no record and are not in a gap. */
export function missingMinutes(logged: readonly LoggedMinute[], gaps: readonly Gap[]): LoggedMinute[] {
	const missing: LoggedMinute[] = [];
	for (const camera of new Set(logged.map((each) => each.camera))) {
		const own = new Set(logged.filter((each) => each.camera === camera).map(({ minute }) => minute));
		const last = Math.max(...own);
		for (let minute = Math.min(...own); minute < last; minute += MINUTE_MS) {
			const isExcused = gaps.some(({ fromMs, toMs }) => fromMs < minute + MINUTE_MS && toMs > minute);
			if (!own.has(minute) && !isExcused) missing.push({ camera, minute, frames: 0 });
		}
	}
	return missing;
}

const nameOf = ({ camera, minute }: LoggedMinute): string => `${camera} ${new Date(minute).toISOString()}`;

/** Completed minutes that did not come from the broker, and published ones that are not in the log. */
export function unlikeMinutes({ logged, published }: Pick<Tour, 'logged' | 'published'>): string[] {
	const [here, there] = [new Set(logged.map(nameOf)), new Set(published.map(nameOf))];
	// Each camera's last one may have been unfinished when the page was left.
	const last = new Map(logged.map((each) => [each.camera, each.minute]));
	const over = logged.filter(({ camera, minute }) => minute < (last.get(camera) ?? 0));
	return [
		...over.filter((each) => !there.has(nameOf(each))).map((each) => `not published: ${nameOf(each)}`),
		...published.filter((each) => !here.has(nameOf(each))).map((each) => `not logged: ${nameOf(each)}`)
	];
}

/**
 * MB per hour, one slope over all legs once each has settled, as each has its own page; null if there are too few
 * samples.
 */
export function tourGrowth(samples: readonly TourSample[]): Line | null {
	const points = samples.filter(({ minute }) => minute >= SETTLED_MINUTES);
	const centred = [...new Set(points.map(({ leg }) => leg))].flatMap((leg) => {
		const own = points.filter((each) => each.leg === leg);
		const mean = (of: (sample: TourSample) => number) => own.reduce((sum, each) => sum + of(each), 0) / own.length;
		const [minute, heapMb] = [mean((each) => each.minute), mean((each) => each.heapMb)];
		return own.map((each): [number, number] => [(each.minute - minute) / 60, each.heapMb - heapMb]);
	});
	return fitLine(centred);
}

/** Why the run failed, one sentence each; empty if it passed. */
export function judgeTour(tour: Tour): string[] {
	const reasons = tour.faults
		.filter(({ recoveredS }) => recoveredS === null)
		.map(({ what, title, minute }) => `No recovery from "${what}: ${title}" (minute ${minute.toFixed(1)}).`);
	for (const { what, title, minute, heldS, otherResults } of tour.faults)
		if (otherResults === 0 && heldS >= LEAST_HELD_S)
			reasons.push(`"${what}: ${title}" also stopped the other camera (minute ${minute.toFixed(1)}).`);
	const missing = missingMinutes(tour.logged, tour.gaps);
	if (missing.length > 0) reasons.push(`The log lacks ${missing.map(nameOf).join(', ')}.`);
	const unlike = unlikeMinutes(tour);
	if (unlike.length > 0) reasons.push(`Log and broker differ: ${unlike.join(', ')}.`);
	if (tour.logged.length === 0) reasons.push('Nothing was logged.');
	for (const leg of tour.legs.keys()) {
		const counts = tour.samples.filter((each) => each.leg === leg).flatMap(({ tensors }) => tensors ?? []);
		const half = Math.floor(counts.length / 2);
		const [first, second] = [Math.min(...counts.slice(0, half)), Math.min(...counts.slice(half))];
		if (half > 0 && second > first) reasons.push(`Tensors grew from ${first} to ${second} in leg ${leg + 1}.`);
	}
	const growth = tourGrowth(tour.samples);
	if (tour.minutes / tour.legs.length >= JUDGED_LEG_MINUTES && growth !== null && growth.slope >= GROWTH_LIMIT_MB)
		reasons.push(`The heap grew by ${growth.slope.toFixed(2)} MB an hour; the limit is ${GROWTH_LIMIT_MB}.`);
	return [...reasons, ...tour.troubles];
}

/** The run in Markdown. */
export function tourReport(tour: Tour, about: string): string {
	const { faults, legs, samples, minutes, speed, logged, published, reloads } = tour;
	const kinds = [...new Set(faults.map(({ what, title }) => `${what}: ${title}`))].sort();
	const rows = kinds.map((kind) => {
		const own = faults.filter(({ what, title }) => `${what}: ${title}` === kind);
		const back = own.flatMap(({ recoveredS }) => recoveredS ?? []);
		const told = (seconds: number): string => (back.length === 0 ? '' : seconds.toFixed(1));
		return [kind, String(own.length), String(back.length), told(median(back)), told(Math.max(...back))];
	});
	const growth = tourGrowth(samples);
	const processMb = samples.flatMap((each) => each.processMb ?? []);
	const perCamera = [...new Set(logged.map(({ camera }) => camera))].map(
		(camera) => `${logged.filter((each) => each.camera === camera).length} for "${camera}"`
	);
	const missing = missingMinutes(logged, tour.gaps);
	const alone = faults.filter(({ otherResults, heldS }) => otherResults !== null && heldS >= LEAST_HELD_S);
	const failures = judgeTour(tour);
	return [
		`Printed by \`npm run soak -- --transports\`: ${minutes.toFixed(0)} minutes with a clock ${speed} times as fast, two cameras at once (${legs.join('; ')}), a broker that comes and goes. ${about}`,
		'',
		table([['fault', 'count', 'came back', 'seconds until both cameras showed faces, median', 'worst'], ...rows]),
		'',
		`- ${faults.filter(({ recoveredS }) => recoveredS !== null).length} of ${faults.length} faults recovered; ${reloads} reloads. While one camera had a fault, the other kept running in ${alone.filter(({ otherResults }) => otherResults !== 0).length} of ${alone.length} cases.`,
		`- Minutes in the log: ${perCamera.join(', ')}; ${missing.length} missing while the page ran. The broker delivered ${published.length} of ${logged.length}.`,
		`- Heap growth of page and worker: ${growth === null ? 'the run was too short for a slope' : `${growth.slope.toFixed(2)} MB an hour (standard error ${growth.error.toFixed(2)})`}, within each page. The page's process took ${processMb.length === 0 ? '?' : `${Math.min(...processMb).toFixed(0)} to ${Math.max(...processMb).toFixed(0)}`} MB.`,
		`- ${failures.length === 0 ? 'Passed.' : `Failed: ${failures.join(' ')}`}`
	].join('\n');
}
