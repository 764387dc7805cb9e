/** What a kiosk tells an MQTT broker: its topics, and the messages on them. */
import { COMMANDS, type CommandAnswer } from './commands';
import { plainMinute } from './export';
import type { MinuteRecord } from './minutes';

export interface MqttSettings {
	/** The broker's address: ws: or wss:, without name and password. */
	readonly url: string;
	/** Prefix of the kiosk's own topics. */
	readonly topic: string;
	/** Prefix of the topics where Home Assistant finds devices; null announces nothing. */
	readonly discovery: string | null;
	/** Whether commands are obeyed, and therefore offered. */
	readonly commands: boolean;
	/** Where the kiosk is set up, and what runs there. */
	readonly setupUrl: string;
	readonly version: string;
}

/** How the kiosk runs, for whoever looks after it. Numbers and words of this project; nothing about the people seen. */
export interface Diagnostics {
	readonly fps: number | null;
	/** Where the pictures come from, and how. */
	readonly source: string;
	readonly transport: string | null;
	readonly memoryMb: number | null;
	readonly incidents: number;
	readonly paused: boolean;
	readonly slow: boolean;
}

export interface MqttMessage {
	readonly topic: string;
	readonly payload: string;
}

/** On the status topic. 'offline' is also the last will, which the broker sends if the kiosk vanishes. */
export const STATUS = { online: 'online', offline: 'offline' } as const;

/** Says that the kiosk is there, or is not. */
export function statusMessage({ topic }: MqttSettings, status: keyof typeof STATUS): MqttMessage {
	return { topic: `${topic}/status`, payload: STATUS[status] };
}

/** Empty, so that the broker drops the minute it retains (MQTT 3.1.1, section 3.3.1.3). */
export function noMinuteMessage({ topic }: MqttSettings): MqttMessage {
	return { topic: `${topic}/minute`, payload: '' };
}

/** A minute as the log exports it, with every label, even those that nobody showed. */
export function minuteMessage({ topic }: MqttSettings, record: MinuteRecord, labels: readonly string[]): MqttMessage {
	return { topic: `${topic}/minute`, payload: JSON.stringify(plainMinute(record, labels)) };
}

/** Whether a face is in view. */
export function occupancyMessage({ topic }: MqttSettings, isOccupied: boolean): MqttMessage {
	return { topic: `${topic}/occupancy`, payload: isOccupied ? 'ON' : 'OFF' };
}

export function diagnosticsMessage({ topic, version }: MqttSettings, diagnostics: Diagnostics): MqttMessage {
	return { topic: `${topic}/diagnostics`, payload: JSON.stringify({ version, ...diagnostics }) };
}

/** Where commands arrive. */
export function commandTopic({ topic }: MqttSettings): string {
	return `${topic}/command`;
}

export function answerMessage({ topic }: MqttSettings, answer: CommandAnswer): MqttMessage {
	return { topic: `${topic}/answer`, payload: JSON.stringify(answer) };
}

/** Which kiosk uses this topic, and since when: two kiosks with the same topic notice each other by this. */
export interface Presence {
	readonly kiosk: string;
	readonly sinceMs: number;
}

export function presenceTopic({ topic }: MqttSettings): string {
	return `${topic}/kiosk`;
}

/** Null for anything else. */
export function readPresence(payload: string): Presence | null {
	try {
		const { kiosk, sinceMs } = JSON.parse(payload) as Partial<Record<string, unknown>>;
		return typeof kiosk === 'string' && typeof sinceMs === 'number' ? { kiosk, sinceMs } : null;
	} catch {
		return null;
	}
}

/** Whether `own` came later and so must be silent. */
export function isLater(own: Presence, other: Presence): boolean {
	return own.sinceMs !== other.sinceMs ? own.sinceMs > other.sinceMs : own.kiosk > other.kiosk;
}

/** Seconds without an update after which Home Assistant takes an entity for unavailable. */
const EXPIRE_S = 180;

const deviceId = (topic: string): string => topic.replaceAll('/', '_');

/** Where Home Assistant is told about this kiosk; an empty message there makes it forget the device. */
export function discoveryTopic(prefix: string, topic: string): string {
	return `${prefix}/device/${deviceId(topic)}/config`;
}

/**
 * One configuration for the whole device, as Home Assistant's MQTT discovery accepts since 2024.12
 * (homeassistant/components/mqtt/schemas.py, DEVICE_DISCOVERY_SCHEMA). Null if nothing is announced.
 */
export function discoveryMessage(settings: MqttSettings, labels: readonly string[]): MqttMessage | null {
	const { discovery, topic, version, setupUrl } = settings;
	if (discovery === null) return null;
	const device = deviceId(topic);
	const components = [
		...sensors(settings, labels),
		...diagnosticSensors(settings),
		...(settings.commands ? buttons(settings) : [])
	].map(({ id, ...component }) => [id, { ...component, unique_id: `${device}_${id}` }] as const);
	// Home Assistant keeps what is left out, and removes what has a platform and nothing else (discovery.py).
	const removed = settings.commands ? [] : buttons(settings).map(({ id, platform }) => [id, { platform }] as const);
	const payload = {
		device: {
			identifiers: [device],
			name: `Mien ${topic}`,
			manufacturer: 'Mien',
			model: 'Kiosk',
			sw_version: version,
			configuration_url: setupUrl
		},
		origin: { name: 'Mien', sw_version: version },
		availability_topic: statusMessage(settings, 'online').topic,
		payload_available: STATUS.online,
		payload_not_available: STATUS.offline,
		qos: 1,
		components: Object.fromEntries([...components, ...removed])
	};
	return { topic: discoveryTopic(discovery, topic), payload: JSON.stringify(payload) };
}

/** A Home Assistant entity; `id` is unique within the device. */
type Component = { readonly id: string; readonly platform: 'sensor' | 'binary_sensor' | 'button' } & Readonly<
	Record<string, string | number | boolean>
>;

function sensors(settings: MqttSettings, labels: readonly string[]): Component[] {
	const { topic } = settings;
	const figure = (
		id: string,
		name: string,
		field: string,
		icon: string,
		more: Record<string, string> = {}
	): Component => ({
		id,
		platform: 'sensor',
		name,
		icon,
		state_topic: `${topic}/minute`,
		value_template: `{{ ${field} }}`,
		state_class: 'measurement',
		expire_after: EXPIRE_S,
		...more
	});
	const seconds = { unit_of_measurement: 's', device_class: 'duration' };
	return [
		{
			id: 'occupancy',
			platform: 'binary_sensor',
			name: 'Occupancy',
			device_class: 'occupancy',
			state_topic: occupancyMessage(settings, true).topic,
			expire_after: EXPIRE_S
		},
		figure('faces', 'Faces', 'value_json.faces', 'mdi:face-recognition'),
		figure('arrivals', 'Visitors’ faces', 'value_json.arrivals', 'mdi:account-arrow-right'),
		figure('seen', 'Time in view', 'value_json.seenSeconds', 'mdi:eye', seconds),
		figure('unsure', 'Time unsure', 'value_json.unsureSeconds', 'mdi:help-circle', seconds),
		...labels.flatMap((label): Component[] => {
			const id = label.replaceAll(/[^\w-]/g, '_');
			const title = `${label.charAt(0).toUpperCase()}${label.slice(1)}`;
			// A JSON string is a valid Jinja string, too.
			const of = `value_json.expressions[${JSON.stringify(label)}]`;
			// If nobody was read there is no mean: None, which Home Assistant shows as unknown.
			const mean = `none if ${of}.meanProbability is none else (100 * ${of}.meanProbability) | round(1)`;
			return [
				figure(`${id}_dwell`, `${title}: time`, `${of}.dwellSeconds`, 'mdi:timer', seconds),
				figure(`${id}_probability`, `${title}: mean probability`, mean, 'mdi:percent', { unit_of_measurement: '%' })
			];
		})
	];
}

function diagnosticSensors({ topic }: MqttSettings): Component[] {
	const figure = (id: string, name: string, icon: string, more: Record<string, string> = {}): Component => ({
		id: `diagnostic_${id}`,
		platform: 'sensor',
		name,
		icon,
		state_topic: `${topic}/diagnostics`,
		value_template: `{{ value_json.${id} }}`,
		entity_category: 'diagnostic',
		expire_after: EXPIRE_S,
		...more
	});
	const measured = { state_class: 'measurement' };
	return [
		figure('fps', 'Frames a second', 'mdi:speedometer', { ...measured, unit_of_measurement: 'fps' }),
		figure('source', 'Source', 'mdi:cctv'),
		figure('transport', 'Transport', 'mdi:transit-connection-variant'),
		figure('version', 'Version', 'mdi:tag'),
		figure('memoryMb', 'Memory', 'mdi:memory', { ...measured, unit_of_measurement: 'MB', device_class: 'data_size' }),
		figure('incidents', 'Incidents', 'mdi:alert', { state_class: 'total_increasing' })
	];
}

function buttons(settings: MqttSettings): Component[] {
	return COMMANDS.map(({ name, title, icon }) => ({
		id: `command_${name.replaceAll('-', '_')}`,
		platform: 'button',
		name: title,
		icon,
		command_topic: commandTopic(settings),
		payload_press: name,
		entity_category: 'config'
	}));
}
