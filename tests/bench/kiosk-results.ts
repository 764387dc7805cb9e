/** The results of the kiosk's bench, and their text in the documents. */
import { readFileSync, writeFileSync } from 'node:fs';
import { CAMERA_FPS, type OccupancyRow } from './occupancy';
import { replaceBetween, table, writeJson } from './tables';

const GOAL_FPS = 5;
const GOAL_OCCUPIED_S = 2;
const RESULTS = 'tests/bench/results/kiosk.json';
const DOCUMENTS = ['tests/bench/results/README.md', 'src/routes/kiosk/README.md'];

export interface Row {
	readonly cameras: number;
	readonly way: string;
	/** Frames per second of each camera. */
	readonly fps: readonly number[];
	readonly medianMs: number;
	readonly faces: number;
	/** The page's renderer: its peak memory, and its peak private memory. */
	readonly rssMb: number;
	readonly privateMb: number;
	/** Core milliseconds that all browser processes took per frame: depends less on what else is running. */
	readonly processorMs: number;
}

/** Each part has its own date and machine, as they may be measured separately. */
export interface KioskResults {
	readonly frames: { readonly date: string; readonly machine: string; readonly rows: readonly Row[] };
	readonly occupancy: { readonly date: string; readonly machine: string; readonly rows: readonly OccupancyRow[] };
}

export function readResults(): KioskResults {
	return JSON.parse(readFileSync(RESULTS, 'utf8')) as KioskResults;
}

/** Writes the results to results/ and to the documents; gives the text. */
export async function writeResults(results: KioskResults): Promise<string> {
	await writeJson(RESULTS, results);
	const text = told(results);
	for (const file of DOCUMENTS) writeFileSync(file, replaceBetween(readFileSync(file, 'utf8'), 'kiosk', text));
	return text;
}

function told({ frames, occupancy }: KioskResults): string {
	const lines = frames.rows.map(({ cameras, way, fps, medianMs, rssMb, privateMb, processorMs }) => [
		...[String(cameras), way === '' ? '' : `\`${way}\``],
		...[fps.map((each) => each.toFixed(1)).join(', '), medianMs.toFixed(0)],
		...[`${rssMb} MB (${privateMb} private)`, `${processorMs} ms`]
	]);
	const heads = [
		'cameras',
		'settings',
		'frames a second per camera',
		'ms a frame',
		"memory of the page's process",
		'processor time a frame'
	];
	// A camera set to five gives a little less, as no timer is exact.
	const missed = frames.rows.filter(
		({ cameras, way, fps }) => cameras === 4 && !way.includes('fps=') && Math.min(...fps) < GOAL_FPS
	);
	const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
	const soon = occupancy.rows.map(({ what, cameras, takes, medianMs, worstMs }) => [
		...[what, String(cameras), String(takes), seconds(medianMs), seconds(worstMs)]
	]);
	const late = occupancy.rows.filter(({ worstMs }) => worstMs > 1000 * GOAL_OCCUPIED_S);
	return [
		`Printed by \`npm run bench -- kiosk\`: Motion JPEG of 1280x720 with one face, ${CAMERA_FPS} pictures a second from each camera. ${frames.machine}.`,
		'',
		table([heads, ...lines]),
		'',
		`The goal is ${GOAL_FPS} frames a second from each of four cameras: ${missed.length === 0 ? 'met' : 'missed'}.`,
		'',
		`Time from the first picture with a face that the camera's server sends until a subscriber of Mosquitto gets \`ON\`, by the same command. ${occupancy.machine}.`,
		'',
		table([['what comes into view', 'cameras', 'takes', 'median', 'worst'], ...soon]),
		'',
		`The goal is ${GOAL_OCCUPIED_S} s: ${late.length === 0 ? 'met in every take' : 'missed in the worst takes'}.`
	].join('\n');
}
