/** ELAN's documents, checked against their schema (EAFv3.0.xsd). */
import { describe, expect, it } from 'vitest';
import { toEaf } from '../../../../src/lib/state/film/eaf';

interface Node {
	readonly name: string;
	readonly attributes: Readonly<Record<string, string>>;
	readonly children: Node[];
	text: string;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Throws for an unknown entity, or a character that XML 1.0 does not allow. */
function unescaped(text: string): string {
	if (/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(text) || /[<>]/.test(text))
		throw new Error(`not allowed in XML: ${JSON.stringify(text)}`);
	return text.replace(/&([^;]*);?/g, (whole, name: string) => {
		const found = whole.endsWith(';') ? ENTITIES[name] : undefined;
		if (found === undefined) throw new Error(`unknown entity ${whole}`);
		return found;
	});
}

/** A document without comments, CDATA and processing instructions: strict, so that every parser takes what it takes. */
function parseXml(xml: string): Node {
	const declaration = '<?xml version="1.0" encoding="UTF-8"?>';
	if (!xml.startsWith(declaration)) throw new Error('no declaration');
	const root: Node = { name: '', attributes: {}, children: [], text: '' };
	const open = [root];
	const token = /<(\/?)([A-Z_]+)((?:\s+[\w:]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy;
	token.lastIndex = declaration.length;
	while (token.lastIndex < xml.length) {
		const at = token.lastIndex;
		const match = token.exec(xml);
		if (match === null) throw new Error(`not XML at ${at}: ${xml.slice(at, at + 60)}`);
		const [, closing = '', name = '', attributes = '', empty = '', text] = match;
		const parent = open.at(-1) ?? root;
		if (text !== undefined) parent.text += unescaped(text);
		else if (closing !== '') {
			if (open.length < 2 || open.pop()?.name !== name) throw new Error(`${name} was not open`);
		} else {
			const pairs = [...attributes.matchAll(/([\w:]+)="([^"]*)"/g)].map(
				([, key = '', value = '']) => [key, unescaped(value)] as const
			);
			if (new Set(pairs.map(([key]) => key)).size !== pairs.length) throw new Error(`an attribute twice in ${name}`);
			const node: Node = { name, attributes: Object.fromEntries(pairs), children: [], text: '' };
			parent.children.push(node);
			if (empty === '') open.push(node);
		}
	}
	const [document] = root.children;
	if (open.length !== 1 || root.children.length !== 1 || document === undefined || root.text.trim() !== '')
		throw new Error('not one document');
	return document;
}

/** Required and optional attributes of each element, and its children in order, as in the schema. */
const SCHEMA: Readonly<Record<string, readonly [required: string[], optional: string[], children: string[]]>> = {
	ANNOTATION_DOCUMENT: [
		['AUTHOR', 'DATE', 'VERSION'],
		['FORMAT', 'xmlns:xsi', 'xsi:noNamespaceSchemaLocation'],
		['HEADER', 'TIME_ORDER', 'TIER', 'LINGUISTIC_TYPE', 'LOCALE', 'LANGUAGE', 'CONSTRAINT']
	],
	HEADER: [[], ['MEDIA_FILE', 'TIME_UNITS'], ['MEDIA_DESCRIPTOR', 'LINKED_FILE_DESCRIPTOR', 'PROPERTY']],
	MEDIA_DESCRIPTOR: [['MEDIA_URL', 'MIME_TYPE'], ['RELATIVE_MEDIA_URL', 'TIME_ORIGIN', 'EXTRACTED_FROM'], []],
	TIME_ORDER: [[], [], ['TIME_SLOT']],
	TIME_SLOT: [['TIME_SLOT_ID'], ['TIME_VALUE'], []],
	TIER: [
		['TIER_ID', 'LINGUISTIC_TYPE_REF'],
		['PARTICIPANT', 'ANNOTATOR', 'DEFAULT_LOCALE', 'PARENT_REF', 'EXT_REF', 'LANG_REF'],
		['ANNOTATION']
	],
	ANNOTATION: [[], [], ['ALIGNABLE_ANNOTATION']],
	ALIGNABLE_ANNOTATION: [['ANNOTATION_ID', 'TIME_SLOT_REF1', 'TIME_SLOT_REF2'], ['SVG_REF'], ['ANNOTATION_VALUE']],
	ANNOTATION_VALUE: [[], [], []],
	LINGUISTIC_TYPE: [['LINGUISTIC_TYPE_ID'], ['TIME_ALIGNABLE', 'GRAPHIC_REFERENCES', 'CONSTRAINTS'], []]
};

function* everyNode(node: Node): Generator<Node> {
	yield node;
	for (const child of node.children) yield* everyNode(child);
}

/** What the schema would reject, one sentence each. */
function faults(document: Node): string[] {
	const found: string[] = [];
	const all = [...everyNode(document)];
	const named = (name: string): Node[] => all.filter((node) => node.name === name);
	for (const { name, attributes, children } of all) {
		const [required, optional, order] = SCHEMA[name] ?? [[], [], []];
		if (!(name in SCHEMA)) found.push(`${name} is unknown`);
		for (const each of required) if (!(each in attributes)) found.push(`${name} lacks ${each}`);
		for (const each of Object.keys(attributes))
			if (![...required, ...optional].includes(each)) found.push(`${name} has ${each}`);
		const places = children.map((child) => order.indexOf(child.name));
		if (places.includes(-1) || places.some((place, index) => place < (places[index - 1] ?? 0)))
			found.push(`children of ${name} out of order`);
	}
	for (const name of ['HEADER', 'TIME_ORDER']) if (named(name).length !== 1) found.push(`not one ${name}`);
	// xsd:ID: a name without a colon, unique in the whole document.
	const ids = all.flatMap(({ attributes }) =>
		[attributes['TIME_SLOT_ID'], attributes['ANNOTATION_ID']].filter(Boolean)
	);
	if (new Set(ids).size !== ids.length) found.push('an id twice');
	for (const id of ids) if (!/^[A-Za-z_][\w.-]*$/.test(id ?? '')) found.push(`${id ?? ''} is no id`);
	// Keys and references.
	const keys = (name: string, key: string): Set<string | undefined> => {
		const values = named(name).map(({ attributes }) => attributes[key]);
		if (new Set(values).size !== values.length) found.push(`${key} twice`);
		return new Set(values);
	};
	keys('TIER', 'TIER_ID');
	const types = keys('LINGUISTIC_TYPE', 'LINGUISTIC_TYPE_ID');
	for (const { attributes } of named('TIER'))
		if (!types.has(attributes['LINGUISTIC_TYPE_REF'])) found.push('a tier of no type');
	const slots = named('TIME_SLOT').map(({ attributes }) => [
		attributes['TIME_SLOT_ID'],
		Number(attributes['TIME_VALUE'])
	]);
	const times = new Map(slots as [string, number][]);
	const values = [...times.values()];
	if (!values.every((ms, index) => Number.isInteger(ms) && ms >= (values[index - 1] ?? 0)))
		found.push('times out of order');
	// What ELAN requires beyond its schema: annotations in a tier have a length and do not overlap.
	for (const tier of named('TIER')) {
		let endMs = 0;
		for (const { attributes } of [...everyNode(tier)].filter(({ name }) => name === 'ALIGNABLE_ANNOTATION')) {
			const [from, to] = ['TIME_SLOT_REF1', 'TIME_SLOT_REF2'].map((ref) => times.get(attributes[ref] ?? ''));
			if (from === undefined || to === undefined) found.push('a slot that is none');
			else if (to <= from || from < endMs) found.push(`an annotation from ${from} to ${to} after ${endMs}`);
			else endMs = to;
		}
	}
	if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(document.attributes['DATE'] ?? ''))
		found.push('DATE is no xsd:dateTime');
	for (const { attributes } of named('MEDIA_DESCRIPTOR'))
		if (!/^[\w.!~*'()%/-]+$/.test(attributes['MEDIA_URL'] ?? '')) found.push('MEDIA_URL is no xsd:anyURI');
	return found;
}

const SOURCE = { file: 'film.mp4', model: 'Mien', exportedMs: Date.UTC(2026, 10, 29, 12) };
const PEOPLE = [
	{
		name: 'Ada',
		episodes: [
			{ fromS: 0, toS: 1.5, label: 'happy' },
			{ fromS: 1.5, toS: 2, label: null },
			{ fromS: 2, toS: 2.0001, label: 'sad' },
			{ fromS: 2.0001, toS: 3661.0404, label: 'unsure' }
		]
	},
	{ name: 'B', episodes: [{ fromS: 0.5, toS: 1.5, label: 'sad' }] }
];

describe('an ELAN document', () => {
	it('fits the schema, with a tier for each person and episodes to the millisecond', () => {
		const document = parseXml(toEaf(PEOPLE, SOURCE));
		expect(faults(document)).toEqual([]);
		const times = new Map(
			[...everyNode(document)].flatMap(({ attributes: { TIME_SLOT_ID: id = '', TIME_VALUE: ms } }) =>
				ms === undefined ? [] : [[id, Number(ms)] as const]
			)
		);
		const read = document.children
			.filter(({ name }) => name === 'TIER')
			.map(({ attributes, children }) => ({
				tier: attributes['TIER_ID'],
				annotations: children.map(({ children: [alignable] }) => [
					times.get(alignable?.attributes['TIME_SLOT_REF1'] ?? ''),
					times.get(alignable?.attributes['TIME_SLOT_REF2'] ?? ''),
					alignable?.children[0]?.text
				])
			}));
		expect(read).toEqual([
			{
				tier: 'Ada',
				annotations: [
					[0, 1500, 'happy'],
					[2000, 3_661_040, 'unsure']
				]
			},
			{ tier: 'B', annotations: [[500, 1500, 'sad']] }
		]);
	});

	it.each([
		['names that XML has to escape', ['A & B <c> "d"', "o'\tclock\n"], 'a "film" & more?#1.mkv'],
		['one name twice', ['Ada', 'Ada', 'Ada (2)'], 'film.mp4'],
		['control characters and half of a pair', ['\0\x1b\ud800\ufffe', '\udc00 x'], '\ud800\u0007.webm'],
		['nobody', [], 'Übung 1.MOV']
	])('accepts %s', (_, names, file) => {
		const people = names.map((name) => ({ name, episodes: [{ fromS: 1, toS: 2, label: 'ha<ppy' }] }));
		const document = parseXml(toEaf(people, { ...SOURCE, file }));
		expect(faults(document)).toEqual([]);
		expect(document.children.filter(({ name }) => name === 'TIER')).toHaveLength(names.length);
	});

	it('is rejected by the check if the schema would reject it', () => {
		const xml = toEaf(PEOPLE, SOURCE);
		for (const [from, to] of [
			['TIME_SLOT_ID="ts2"', 'TIME_SLOT_ID="ts1"'],
			['LINGUISTIC_TYPE_REF="Expression"', 'LINGUISTIC_TYPE_REF="other"'],
			['TIER_ID="B"', 'TIER_ID="Ada"'],
			[' DATE="', ' DATE="on '],
			['TIME_SLOT_REF1="ts1"', 'TIME_SLOT_REF1="ts9"'],
			['ANNOTATION_ID="a2"', 'ANNOTATION_ID="2"']
		] as const)
			expect(faults(parseXml(xml.replace(from, to)))).not.toEqual([]);
		expect(() => parseXml(xml.replace('</TIER>', ''))).toThrow();
	});
});
