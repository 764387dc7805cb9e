/** A kiosk is configured by its address alone: this turns the query into a configuration. */
import { STREAM_KINDS, type SourceSpec } from '../../sources/stream';
import type { Framing, Quarter } from '../../sources/framed';
import { hostOf } from './camera-address';
import { LANGUAGES, type Language } from './words';
import type { MqttSettings } from './mqtt';
import { joinStray, readQuery, strayParameters } from './query';

export const SHOWS = ['video', 'blurred', 'figures'] as const;
export const NOTICES = ['strip', 'screen', 'off'] as const;
const QUARTERS = [0, 90, 180, 270] as const;

/** Most cameras on one screen. */
export const MOST_CAMERAS = 9;

export interface KioskConfig extends Framing {
	readonly source: SourceSpec;
	/** What the camera is called on the screen and in the log; null if it has no name. */
	readonly name: string | null;
	/** STUN and TURN servers for WebRTC. */
	readonly ice: readonly string[];
	/** Null for the manifest's default. */
	readonly model: string | null;
	readonly mirror: boolean;
	/** Faces less than this many pixels high in the analysed frame are too small to be read. */
	readonly minFacePx: number;
	/** A label with a lower probability (0..1) is "unsure"; null for the model's own limit. */
	readonly threshold: number | null;
	/** Whether each face is read relative to how it looks in its first three seconds. */
	readonly resting: boolean;
	readonly show: (typeof SHOWS)[number];
	readonly log: boolean;
	readonly keepDays: number;
	readonly language: Language;
	/** Minutes without a face before the idle screen; 0 switches it off. */
	readonly idleMinutes: number;
	/** Whether the idle screen shows what was counted today. */
	readonly totals: boolean;
	readonly notice: (typeof NOTICES)[number];
	/** Replaces the notice's own words. */
	readonly text: string | null;
	readonly operator: string | null;
	readonly link: string | null;
	/** The page saves its log and reloads itself when its scripts hold more. */
	readonly memoryMb: number;
	/** Pictures are copied and scaled down, so that the browser keeps fewer of them. */
	readonly lowMemory: boolean;
	/** Most frames analysed per second, for each camera; 0 for as many as there are. */
	readonly fps: number;
	/** Whether the page reports its figures to its server. */
	readonly metrics: boolean;
	/** Address of a broker; null for none. */
	readonly mqttUrl: MqttSettings['url'] | null;
	readonly mqttTopic: MqttSettings['topic'];
	readonly mqttDiscovery: MqttSettings['discovery'];
	/** Whether commands sent over MQTT are obeyed. */
	readonly mqttCommands: boolean;
	/** "Occupied" ends this many seconds after the last face. */
	readonly occupiedSeconds: number;
}

/** Everything but the source, which has no default. */
export const DEFAULTS: Omit<KioskConfig, 'source'> = {
	name: null,
	ice: [],
	model: null,
	region: null,
	rotate: 0,
	mirror: false,
	minFacePx: 32,
	threshold: null,
	resting: false,
	show: 'video',
	log: true,
	keepDays: 30,
	language: 'en',
	idleMinutes: 0,
	totals: false,
	notice: 'strip',
	text: null,
	operator: null,
	link: null,
	memoryMb: 800,
	lowMemory: false,
	fps: 0,
	metrics: false,
	mqttUrl: null,
	mqttTopic: 'mien/kiosk',
	mqttDiscovery: 'homeassistant',
	mqttCommands: false,
	occupiedSeconds: 10
};

/** What is wrong with one parameter, and what is allowed, as a sentence. */
export interface Problem {
	readonly parameter: string;
	/** Shown before the message instead of the parameter's name; empty if the message is a whole sentence. */
	readonly title?: string;
	readonly message: string;
}

export type ParsedConfig =
	/** One configuration for each camera, at least one. */
	| { readonly ok: true; readonly configs: readonly [KioskConfig, ...KioskConfig[]] }
	| { readonly ok: false; readonly problems: readonly Problem[] };

export interface Surroundings {
	/** The page's own address. */
	readonly base: string;
	/** Sources of other origins that the page's security policy allows, such as "http://camera.lan:1984". */
	readonly allowed: readonly string[];
}

/** Thrown by the readers below; becomes a Problem. */
class Wrong extends Error {}

const HOLDS_LOGIN = 'holds a name or password; enter those on the set-up page instead, or let the proxy send them';
const MOST_CHARACTERS = 300;
const QUOTED = 60;

type Reader = (value: string, around: Surroundings) => Partial<KioskConfig>;

const READERS: { readonly [Name in string]: Reader } = {
	source: (value, around) => ({ source: readSource(value, around) }),
	name: (value) => ({ name: plainText(value, 40) }),
	ice: (value) => ({ ice: value.split(',').map((each) => readIce(each.trim())) }),
	model: (value) => {
		if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(value))
			wrong(value, 'the id of a model: lower-case letters, digits, hyphens');
		return { model: value };
	},
	region: (value) => ({ region: readRegion(value) }),
	rotate: (value) => ({ rotate: Number(oneOf(value, QUARTERS.map(String))) as Quarter }),
	mirror: (value) => ({ mirror: yesOrNo(value) }),
	'min-face': (value) => ({ minFacePx: whole(value, 16, 400, 'pixels') }),
	threshold: (value) => ({ threshold: whole(value, 0, 100, 'percent') / 100 }),
	resting: (value) => ({ resting: yesOrNo(value) }),
	show: (value) => ({ show: oneOf(value, SHOWS) }),
	log: (value) => ({ log: yesOrNo(value) }),
	keep: (value) => ({ keepDays: whole(value, 1, 60, 'days') }),
	lang: (value) => ({ language: oneOf(value, Object.keys(LANGUAGES) as Language[]) }),
	idle: (value) => ({ idleMinutes: whole(value, 0, 1440, 'minutes') }),
	totals: (value) => ({ totals: yesOrNo(value) }),
	notice: (value) => ({ notice: oneOf(value, NOTICES) }),
	text: (value) => ({ text: plainText(value) }),
	operator: (value) => ({ operator: plainText(value) }),
	link: (value) => ({ link: address(value, ['https:', 'http:']).href }),
	memory: (value) => ({ memoryMb: whole(value, 100, 8000, 'megabytes') }),
	'low-memory': (value) => ({ lowMemory: yesOrNo(value) }),
	fps: (value) => ({ fps: whole(value, 0, 60, 'frames a second') }),
	metrics: (value) => ({ metrics: yesOrNo(value) }),
	mqtt: (value, around) => ({ mqttUrl: readBroker(value, around) }),
	'mqtt-topic': (value) => ({ mqttTopic: topic(value) }),
	'mqtt-discovery': (value) => ({ mqttDiscovery: value === 'off' ? null : topic(value) }),
	'mqtt-commands': (value) => ({ mqttCommands: yesOrNo(value) }),
	occupied: (value) => ({ occupiedSeconds: whole(value, 1, 3600, 'seconds') })
};

/** Given once for all cameras, or once for each, in the same order. */
export const PER_CAMERA: ReadonlySet<string> = new Set(['source', 'name', 'region', 'rotate', 'mirror']);

const READS: ReadonlySet<string> = new Set(Object.keys(READERS));

/** A kiosk's query for the set-up page: as a kiosk reads it, even if an "&" within an address is not escaped. */
export function readForForm(search: string): URLSearchParams {
	return readQuery(joinStray(search, READS));
}

/** The configurations in a query, one for each camera, or all that is wrong with it. Takes any text; never throws. */
export function parseKioskConfig(search: string, around: Surroundings): ParsedConfig {
	const query = readQuery(search);
	const stray = strayParameters(search, READS);
	const problems: Problem[] = [];
	const count = Math.max(1, query.getAll('source').length);
	let configs: readonly Partial<KioskConfig>[] = Array.from({ length: count }, () => DEFAULTS);
	for (const name of new Set(query.keys())) {
		try {
			const hint = stray.get(name);
			if (hint !== undefined) throw new Wrong(hint);
			configs = readParameter(name, query.getAll(name), configs, around);
		} catch (thrown) {
			if (!(thrown instanceof Wrong)) throw thrown;
			problems.push({ parameter: printable(name), message: thrown.message });
		}
	}
	if (!query.has('source')) problems.push({ parameter: 'source', title: '', message: 'No camera chosen' });
	if (count > MOST_CAMERAS)
		problems.push({ parameter: 'source', message: `is given ${count} times; one screen shows up to ${MOST_CAMERAS}` });
	if (problems.length > 0) return { ok: false, problems };
	return { ok: true, configs: configs as unknown as [KioskConfig, ...KioskConfig[]] };
}

function readParameter(
	name: string,
	values: readonly string[],
	configs: readonly Partial<KioskConfig>[],
	around: Surroundings
): readonly Partial<KioskConfig>[] {
	const read = Object.hasOwn(READERS, name) ? READERS[name] : undefined;
	if (read === undefined) throw new Wrong(`is not known; known are ${Object.keys(READERS).join(', ')}`);
	const isList = values.length > 1;
	if (isList && !PER_CAMERA.has(name)) throw new Wrong('is given more than once');
	if (isList && values.length !== configs.length)
		throw new Wrong(`is given ${values.length} times: give it once for all cameras, or ${configs.length} times`);
	return configs.map((config, index) => {
		const value = (isList ? values[index] : values[0])?.trim() ?? '';
		// Given for each camera, it may be empty for some.
		return isList && value === '' && name !== 'source' ? config : { ...config, ...read(value, around) };
	});
}

function readSource(value: string, around: Surroundings): SourceSpec {
	const forms = `"camera", "camera:NAME", or one of ${STREAM_KINDS.map((kind) => `"${kind}:ADDRESS"`).join(', ')}`;
	const [, , protocol] = /^([a-z]+:)?\s*(rtsp|rtmp)[sx]?:/i.exec(value) ?? [];
	if (protocol !== undefined) {
		const name = protocol.toUpperCase();
		throw new Wrong(`is ${name}, which browsers cannot play; the set-up page has the two commands that translate it`);
	}
	const { kind, rest } = /^(?<kind>[a-z]+)(:(?<rest>.*))?$/s.exec(value)?.groups ?? {};
	if (kind === 'camera') return { kind, name: rest === undefined ? '' : plainText(rest) };
	const stream = STREAM_KINDS.find((each) => each === kind);
	if (stream === undefined || rest === undefined || rest === '') return wrong(value, forms);
	const url = foreign(address(rest, ['http:', 'https:'], around.base), around, rest);
	return { kind: stream, url: url.href };
}

/** "stun:HOST:PORT" or "turn:HOST:PORT?transport=udp" (RFC 7064, 7065); TURN logins are kept like those of cameras. */
function readIce(value: string): string {
	const isIce = /^(stuns?:[\w.-]+(:\d{1,5})?|turns?:[\w.-]+(:\d{1,5})?(\?transport=(udp|tcp))?)$/i.test(value);
	return isIce ? value : wrong(value, 'stun:HOST:PORT or turn:HOST:PORT, several with commas between');
}

/** A broker on this server speaks WebSocket on the server's own port. */
function readBroker(value: string, around: Surroundings): string {
	const { href } = address(value, ['ws:', 'wss:', 'http:', 'https:'], around.base);
	return foreign(new URL(href.replace(/^http/, 'ws')), around, value).href;
}

function topic(value: string): string {
	const isTopic = /^[\w-]+(\/[\w-]+)*$/.test(value) && value.length <= 100;
	return isTopic ? value : wrong(value, 'a topic of letters, digits, hyphens and underscores, with slashes between');
}

function readRegion(value: string): Framing['region'] {
	const numbers = value.split(',').map((part) => (/^\s*\d{1,3}(\.\d{1,2})?\s*$/.test(part) ? Number(part) / 100 : NaN));
	const [x = NaN, y = NaN, width = NaN, height = NaN] = numbers;
	const rounding = 1e-9;
	if (numbers.length !== 4 || !(x + width <= 1 + rounding && y + height <= 1 + rounding && width > 0 && height > 0))
		wrong(value, 'four numbers: left, top, width, height in percent, like 25,0,50,100, within the picture');
	return { x, y, width, height };
}

/** An absolute address of one of these protocols, without name and password. */
function address(value: string, protocols: readonly string[], base?: string): URL {
	// Otherwise it would be taken for a path on this server, or its host for a protocol.
	const host = hostOf(value);
	if (host?.includes('@') === true) throw new Wrong(HOLDS_LOGIN);
	if (host !== null)
		wrong(value, `an address with ${protocols.join(' or ')}, such as ${protocols.at(-1) ?? ''}//${host}/`);
	if (!URL.canParse(value, base)) wrong(value, `an address with ${protocols.join(' or ')}`);
	const url = new URL(value, base);
	if (url.username !== '' || url.password !== '') {
		// The value is not repeated: it holds a password.
		throw new Wrong(HOLDS_LOGIN);
	}
	// "http:/camera", or an address in quotes, would be taken for a path on this server.
	const isPath = !/^[^/?#]*:/.test(value);
	const isWhole = /^[a-z]+:\/\//i.test(value) && URL.canParse(value);
	if (!protocols.includes(url.protocol) || !(isPath || isWhole))
		wrong(value, `an address with ${protocols.join(' or ')}`);
	if (url.href.length > 2000) throw new Wrong('is longer than 2000 characters');
	return url;
}

/** Rejects origins that the security policy would block, and says how to allow them. */
function foreign(url: URL, { base, allowed }: Surroundings, value: string): URL {
	const own = new URL(base).host === url.host && isEncrypted(url) === isEncrypted(new URL(base));
	const origin = `${url.protocol}//${url.host}`;
	if (own || allowed.includes(origin)) return url;
	const others = allowed.length === 0 ? '' : ` or to one of ${allowed.join(', ')}`;
	return wrong(
		value,
		`an address of this server${others}; other hosts must be named when Mien is started (--allow ${origin}) or proxied`
	);
}

function isEncrypted({ protocol }: URL): boolean {
	return protocol === 'https:' || protocol === 'wss:';
}

function oneOf<Value extends string>(value: string, allowed: readonly Value[]): Value {
	return allowed.find((each) => each === value) ?? wrong(value, `one of ${allowed.join(', ')}`);
}

function yesOrNo(value: string): boolean {
	return oneOf(value, ['yes', 'no']) === 'yes';
}

function whole(value: string, least: number, most: number, unit: string): number {
	const number = /^\d{1,6}$/.test(value) ? Number(value) : NaN;
	if (!(number >= least && number <= most)) wrong(value, `a whole number of ${unit} from ${least} to ${most}`);
	return number;
}

function plainText(value: string, most = MOST_CHARACTERS): string {
	if (value === '' || value.length > most) wrong(value, `1 to ${most} characters`);
	if (/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u.test(value)) wrong(value, 'text on one line without control characters');
	// It would be shown to everyone. The value is not repeated.
	if (/\/\/[^/\s]*:[^/\s]*@/.test(value))
		throw new Wrong('holds an address with a password, which everybody would read');
	return value;
}

function wrong(value: string, allowed: string): never {
	throw new Wrong(value === '' ? `is empty. Use ${allowed}` : `is ${quote(value)}. Use ${allowed}`);
}

function quote(value: string): string {
	return `"${printable(value)}"`;
}

/** At most 60 characters, with unprintable ones replaced and anything that may be a name and password removed. */
function printable(text: string): string {
	const value = text.replaceAll(/\/\/\S*@/g, '//').replaceAll(/(^|\s)\S*@/g, '$1');
	const short = value.length > QUOTED ? `${value.slice(0, QUOTED)}…` : value;
	return short.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '\u{FFFD}');
}
