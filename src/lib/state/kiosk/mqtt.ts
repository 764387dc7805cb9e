/** What a kiosk tells an MQTT broker: its topics, and the messages on them. */
import { plainMinute } from './export';
import type { MinuteRecord } from './minutes';

export interface MqttSettings {
	/** Of the broker: ws: or wss:, without name and password. */
	readonly url: string;
	/** What the kiosk's own topics begin with. */
	readonly topic: string;
	/** What the topics begin with that Home Assistant finds devices by; null announces nothing. */
	readonly discovery: string | null;
}

export interface MqttMessage {
	readonly topic: string;
	readonly payload: string;
}

/** On the status topic: the latter is also the last will, which the broker tells where the kiosk just went away. */
export const STATUS = { online: 'online', offline: 'offline' } as const;

/** That the kiosk is there, or is not. */
export function statusMessage({ topic }: MqttSettings, status: keyof typeof STATUS): MqttMessage {
	return { topic: `${topic}/status`, payload: STATUS[status] };
}

/** Empty, which has the broker forget the minute that it keeps (MQTT 3.1.1, section 3.3.1.3). */
export function noMinuteMessage({ topic }: MqttSettings): MqttMessage {
	return { topic: `${topic}/minute`, payload: '' };
}

/** A minute as the log exports it, with every label, also those that nobody showed. */
export function minuteMessage({ topic }: MqttSettings, record: MinuteRecord, labels: readonly string[]): MqttMessage {
	return { topic: `${topic}/minute`, payload: JSON.stringify(plainMinute(record, labels)) };
}

interface Sensor {
	readonly id: string;
	readonly name: string;
	/** Jinja, of the minute's message. */
	readonly template: string;
	readonly unit?: 's' | '%';
	readonly icon: string;
}

/** One configuration for each figure, as Home Assistant's MQTT discovery takes it. */
export function discoveryMessages(settings: MqttSettings, labels: readonly string[]): MqttMessage[] {
	const { discovery, topic } = settings;
	if (discovery === null) return [];
	const device = topic.replaceAll('/', '_');
	return sensors(labels).map(({ id, name, template, unit, icon }) => ({
		topic: `${discovery}/sensor/${device}/${id}/config`,
		payload: JSON.stringify({
			name,
			unique_id: `${device}_${id}`,
			state_topic: `${topic}/minute`,
			value_template: template,
			availability_topic: statusMessage(settings, 'online').topic,
			payload_available: STATUS.online,
			payload_not_available: STATUS.offline,
			state_class: 'measurement',
			icon,
			unit_of_measurement: unit,
			device_class: unit === 's' ? 'duration' : undefined,
			device: { identifiers: [device], name: `Mien ${topic}`, manufacturer: 'Mien', model: 'Kiosk' },
			origin: { name: 'Mien' }
		})
	}));
}

function sensors(labels: readonly string[]): Sensor[] {
	const figure = (id: string, name: string, field: string, icon: string): Sensor => ({
		id,
		name,
		template: `{{ value_json.${field} }}`,
		icon
	});
	return [
		figure('faces', 'Faces', 'faces', 'mdi:face-recognition'),
		figure('arrivals', 'Faces that came', 'arrivals', 'mdi:account-arrow-right'),
		{ ...figure('seen', 'Time in view', 'seenSeconds', 'mdi:eye'), unit: 's' },
		{ ...figure('unsure', 'Time unsure', 'unsureSeconds', 'mdi:help-circle'), unit: 's' },
		figure('incidents', 'Incidents', 'incidents.values() | sum', 'mdi:alert'),
		...labels.flatMap((label): Sensor[] => {
			const id = label.replaceAll(/[^\w-]/g, '_');
			const title = `${label.charAt(0).toUpperCase()}${label.slice(1)}`;
			// Text as JSON is text in Jinja, too.
			const of = `value_json.expressions[${JSON.stringify(label)}]`;
			return [
				{
					id: `${id}_dwell`,
					name: `${title}: time`,
					template: `{{ ${of}.dwellSeconds }}`,
					unit: 's',
					icon: 'mdi:timer'
				},
				{
					id: `${id}_probability`,
					name: `${title}: mean probability`,
					// Where nobody was read there is no mean: None, which Home Assistant shows as unknown.
					template: `{% set mean = ${of}.meanProbability %}{{ none if mean is none else (100 * mean) | round(1) }}`,
					unit: '%',
					icon: 'mdi:percent'
				}
			];
		})
	];
}
