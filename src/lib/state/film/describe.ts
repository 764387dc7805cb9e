/** What the page says about a film, in a few words. */
import { EXPLANATIONS } from '../../errors';
import type { FilmInfo } from '../../sources/film/film';
import type { FilmState } from './film.svelte';
import { timeText } from './time-text';

/** The state of a film. */
export function stateText(state: FilmState, progress: number): string {
	switch (state.kind) {
		case 'opening':
			return 'Opening';
		case 'ready':
			return 'Ready to be read';
		case 'waiting':
			return 'Waiting';
		case 'reading':
			return `Reading, ${Math.floor(progress * 100)} %`;
		case 'paused':
			return `Paused at ${Math.floor(progress * 100)} %`;
		case 'done':
			return {
				whole: 'Read',
				cancelled: `Cancelled at ${Math.floor(progress * 100)} %`,
				'cut-short': 'Read as far as the file goes',
				damaged: 'Read, except where the file is damaged'
			}[state.ended];
		case 'failed':
			return EXPLANATIONS[state.error.code].sentence;
	}
}

export function stateTone(state: FilmState): 'calm' | 'busy' | 'failed' {
	if (state.kind === 'failed') return 'failed';
	return state.kind === 'opening' || state.kind === 'reading' ? 'busy' : 'calm';
}

/** What is known about the file. */
export function facts(info: FilmInfo): { term: string; text: string }[] {
	const lengthS = info.endS - info.startS;
	const { frameCount, container, codec, size } = info;
	return [
		{ term: 'Length', text: timeText(lengthS) },
		{ term: 'Picture', text: `${size.width} x ${size.height}${info.hdr ? ', HDR' : ''}` },
		...(frameCount === null
			? []
			: [
					{
						term: 'Frames',
						text: `${frameCount.toLocaleString('en')}, ${(frameCount / Math.max(lengthS, 1e-3)).toFixed(1)} a second`
					}
				]),
		...(container === null
			? []
			: [{ term: 'File', text: [container, codec].filter((each) => each !== null).join(', ') }])
	];
}

/** What limits the reading, in sentences. */
export function warnings({ cutShort, method, videoTracks }: FilmInfo): string[] {
	return [
		...(cutShort ? ['A part of this file is missing. What is there can be read.'] : []),
		...(method === 'video'
			? [
					'This browser cannot give the frames of this film one by one. It is read by seeking: slower, with times as exact as the browser tells, and without frame numbers.'
				]
			: []),
		...(videoTracks !== null && videoTracks > 1
			? [
					`This file holds ${videoTracks} video tracks. Only the main one is read: save the others as files of their own.`
				]
			: [])
	];
}

/** Milliseconds since 1970 as the value of a datetime-local input; empty for null. */
export function toLocalInput(ms: number | null): string {
	if (ms === null) return '';
	const local = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
	return local.toISOString().slice(0, 23);
}

/** The reverse; null if the input is empty. */
export function fromLocalInput(text: string): number | null {
	const ms = new Date(text).getTime();
	return text === '' || Number.isNaN(ms) ? null : ms;
}
