/** Episodes for the programs that people code films with (ELAN, BORIS), and as subtitles (WebVTT). */
import type { Episode } from './episodes';

export interface PersonEpisodes {
	readonly name: string;
	readonly episodes: readonly Episode[];
}

export interface AnnotationSource {
	/** The film's file. */
	readonly file: string;
	readonly endS: number;
	/** Frames per second of the container; null if unknown. */
	readonly fps: number | null;
	readonly recordedMs: number | null;
	/** Which model read it. */
	readonly model: string;
}

const ELAN_HEADER = [
	'Tier',
	'Begin Time - hh:mm:ss.ms',
	'Begin Time - ss.msec',
	'End Time - hh:mm:ss.ms',
	'End Time - ss.msec',
	'Duration - ss.msec',
	'Annotation'
];

const BORIS_HEADER = [
	'Observation id',
	'Observation date',
	'Description',
	'Media file name',
	'Media duration (s)',
	'FPS (frame/s)',
	'Subject',
	'Behavior',
	'Behavioral category',
	'Behavior type',
	'Start (s)',
	'Stop (s)',
	'Duration (s)',
	'Comment start',
	'Comment stop'
];

/** Tab-separated text as ELAN imports it: a tier for each person, an annotation for each episode with a face. */
export function toElan(people: readonly PersonEpisodes[]): string {
	const rows = people.flatMap(({ name, episodes }) =>
		episodes.flatMap(({ fromS, toS, label }) =>
			label === null ? [] : [[name, clock(fromS), ms(fromS), clock(toS), ms(toS), ms(toS - fromS), label]]
		)
	);
	return toTabs([ELAN_HEADER, ...rows]);
}

/** Tab-separated text with the columns of BORIS's aggregated events: each episode a state event, in order of time. */
export function toBoris(people: readonly PersonEpisodes[], source: AnnotationSource): string {
	const { file, endS, fps, recordedMs, model } = source;
	const date = recordedMs === null ? '' : new Date(recordedMs).toISOString().slice(0, 19).replace('T', ' ');
	const start = [file, date, `Read by ${model}`, file, ms(endS), fps === null ? '' : fps.toFixed(3)];
	const events = people.flatMap(({ name, episodes }) =>
		episodes.flatMap(({ fromS, toS, label }) => (label === null ? [] : [{ name, fromS, toS, label }]))
	);
	const rows = events
		.toSorted((a, b) => a.fromS - b.fromS)
		.map(({ name, fromS, toS, label }) => [
			...start,
			...[name, label, 'Expression', 'STATE', ms(fromS), ms(toS), ms(toS - fromS), '', '']
		]);
	return toTabs([BORIS_HEADER, ...rows]);
}

/** WebVTT: a cue for each episode with a face; with several persons, each cue begins with the name. */
export function toWebVtt(people: readonly PersonEpisodes[], title: string): string {
	const cues = people.flatMap(({ name, episodes }) =>
		episodes.flatMap(({ fromS, toS, label }) =>
			label === null || ms(fromS) === ms(toS) ? [] : [{ name, fromS, toS, label }]
		)
	);
	const blocks = cues
		.toSorted((a, b) => a.fromS - b.fromS || a.toS - b.toS)
		.map(({ name, fromS, toS, label }, index) => {
			const text =
				people.length > 1 ? `<v ${escapeName(name)}>${escapeCue(name)}: ${escapeCue(label)}</v>` : escapeCue(label);
			return `${index + 1}\n${clock(fromS)} --> ${clock(toS)}\n${text}\n`;
		});
	const note = oneLine(title).replaceAll('-->', '->');
	return ['WEBVTT\n', `NOTE ${note}\n`, ...blocks].join('\n');
}

/** "01:02:03.040". */
function clock(seconds: number): string {
	const whole = Math.round(Math.max(0, seconds) * 1000);
	const two = (value: number): string => String(value).padStart(2, '0');
	const hours = Math.floor(whole / 3_600_000);
	const minutes = Math.floor(whole / 60_000) % 60;
	const rest = Math.floor(whole / 1000) % 60;
	return `${two(hours)}:${two(minutes)}:${two(rest)}.${String(whole % 1000).padStart(3, '0')}`;
}

function ms(seconds: number): string {
	return (Math.round(seconds * 1000) / 1000).toFixed(3);
}

/** Fields cannot hold tabs or line ends. */
function toTabs(rows: readonly (readonly string[])[]): string {
	return rows.map((row) => `${row.map(oneLine).join('\t')}\r\n`).join('');
}

function oneLine(text: string): string {
	return text.replace(/[\t\r\n]+/g, ' ');
}

function escapeCue(text: string): string {
	return oneLine(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** In a cue, a voice's name ends at the first ">". */
function escapeName(text: string): string {
	return escapeCue(text).replaceAll('.', ' ');
}
