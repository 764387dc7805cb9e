/** Episodes as an ELAN document: EAF 3.0 (www.mpi.nl/tools/elan/EAFv3.0.xsd). */
import type { PersonEpisodes } from './annotations';

export interface EafSource {
	/** The film's file, which ELAN looks for next to the document. */
	readonly file: string;
	/** Which model read it. */
	readonly model: string;
	readonly exportedMs: number;
}

const TYPE = 'Expression';
const MEDIA_TYPES: Readonly<Record<string, string>> = {
	mp4: 'video/mp4',
	m4v: 'video/mp4',
	mov: 'video/quicktime',
	webm: 'video/webm',
	mkv: 'video/x-matroska'
};

/** A tier for each person, an annotation for each episode with a face; times in milliseconds of the film. */
export function toEaf(people: readonly PersonEpisodes[], { file, model, exportedMs }: EafSource): string {
	const tiers = people.map(({ name, episodes }) => ({
		name,
		annotations: episodes.flatMap(({ fromS, toS, label }) => {
			const [fromMs, toMs] = [wholeMs(fromS), wholeMs(toS)];
			return label === null || toMs <= fromMs ? [] : [{ fromMs, toMs, label }];
		})
	}));
	const times = tiers.flatMap(({ annotations }) => annotations.flatMap(({ fromMs, toMs }) => [fromMs, toMs]));
	// In order. If two annotations share a slot, ELAN moves them together.
	const slots = new Map([...new Set(times)].sort((a, b) => a - b).map((ms, index) => [ms, `ts${index + 1}`]));
	let count = 0;
	const names = new Set<string>();
	const tierText = tiers.map(({ name, annotations }) => {
		const body = annotations.map(
			({ fromMs, toMs, label }) =>
				`\t\t<ANNOTATION>\n\t\t\t<ALIGNABLE_ANNOTATION ANNOTATION_ID="a${++count}" TIME_SLOT_REF1="${slots.get(fromMs) ?? ''}" TIME_SLOT_REF2="${slots.get(toMs) ?? ''}">\n\t\t\t\t<ANNOTATION_VALUE>${escaped(label)}</ANNOTATION_VALUE>\n\t\t\t</ALIGNABLE_ANNOTATION>\n\t\t</ANNOTATION>\n`
		);
		const id = escaped(unlike(name, names));
		return `\t<TIER LINGUISTIC_TYPE_REF="${TYPE}" PARTICIPANT="${escaped(name)}" TIER_ID="${id}">\n${body.join('')}\t</TIER>\n`;
	});
	const media = escaped(encodeURIComponent(sound(file)));
	const type = MEDIA_TYPES[file.split('.').at(-1)?.toLowerCase() ?? ''] ?? 'unknown';
	return [
		'<?xml version="1.0" encoding="UTF-8"?>\n',
		`<ANNOTATION_DOCUMENT AUTHOR="${escaped(`Mien, ${model}`)}" DATE="${new Date(exportedMs).toISOString()}" FORMAT="3.0" VERSION="3.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">\n`,
		'\t<HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">\n',
		`\t\t<MEDIA_DESCRIPTOR MEDIA_URL="${media}" MIME_TYPE="${type}" RELATIVE_MEDIA_URL="./${media}"/>\n`,
		'\t</HEADER>\n\t<TIME_ORDER>\n',
		...[...slots].map(([ms, id]) => `\t\t<TIME_SLOT TIME_SLOT_ID="${id}" TIME_VALUE="${ms}"/>\n`),
		'\t</TIME_ORDER>\n',
		...tierText,
		`\t<LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="${TYPE}" TIME_ALIGNABLE="true"/>\n`,
		'</ANNOTATION_DOCUMENT>\n'
	].join('');
}

function wholeMs(seconds: number): number {
	return Math.max(0, Math.round(seconds * 1000));
}

/** Tiers are identified by name, so persons with the same name are numbered. */
function unlike(name: string, taken: Set<string>): string {
	let own = name;
	for (let number = 2; taken.has(own); number++) own = `${name} (${number})`;
	taken.add(own);
	return own;
}

/** XML does not allow control characters, and folds line ends and tabs in attributes. */
function sound(text: string): string {
	return text.replace(/[\p{Cc}\ufffe\uffff]+|\p{Cs}/gu, ' ');
}

function escaped(text: string): string {
	return sound(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
