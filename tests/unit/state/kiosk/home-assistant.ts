/**
 * What Home Assistant takes as the discovery of a device, as strictly as its own schemas (Apache-2.0, written down from
 * homeassistant/components/mqtt: schemas.py DEVICE_DISCOVERY_SCHEMA, MQTT_ENTITY_DEVICE_INFO_SCHEMA,
 * MQTT_ORIGIN_INFO_SCHEMA, MQTT_ENTITY_COMMON_SCHEMA; sensor.py, binary_sensor.py, button.py PLATFORM_SCHEMA; config.py
 * MQTT_BASE_SCHEMA, MQTT_RO_SCHEMA; util.py valid_topic; and from homeassistant/helpers/config_validation.py icon and
 * configuration_url, homeassistant/components/sensor/const.py DEVICE_CLASS_UNITS). Keys that it silently drops
 * within an entity are refused here.
 */
import * as v from 'valibot';

/** util.py valid_topic: 1 to 65535 bytes, without control characters. */
const topicText = v.pipe(
	v.string(),
	v.minLength(1),
	v.check((text) => Buffer.byteLength(text) <= 65_535 && !/\p{Cc}/u.test(text))
);
const publishTopic = v.pipe(topicText, v.regex(/^[^+#]+$/));
const subscribeTopic = v.pipe(topicText, v.regex(/^(?:[^+#/]*|\+)(?:\/(?:[^+#/]*|\+))*(?:\/#)?$|^#$/));
const qos = v.picklist([0, 1, 2]);
const icon = v.pipe(v.string(), v.regex(/^[\w-]+:[\w-]+$/));
/** Opened from Home Assistant's pages. */
const configurationUrl = v.pipe(v.string(), v.url(), v.regex(/^(?:https?|homeassistant):\/\//));
const printable = v.pipe(v.string(), v.regex(/^\P{Cc}*$/u));
/** Braces come in pairs; Jinja itself is not available. */
const template = v.pipe(v.string(), v.regex(/^(?:[^{}]|\{\{[^{}]*\}\})*$/));

const availability = {
	availability_topic: v.optional(subscribeTopic),
	availability_template: v.optional(template),
	payload_available: v.optional(v.string()),
	payload_not_available: v.optional(v.string())
};

const entity = {
	...availability,
	qos: v.optional(qos),
	encoding: v.optional(v.string()),
	name: v.optional(v.nullable(printable)),
	unique_id: v.pipe(v.string(), v.minLength(1)),
	enabled_by_default: v.optional(v.boolean()),
	icon: v.optional(icon),
	entity_picture: v.optional(v.string()),
	json_attributes_topic: v.optional(subscribeTopic),
	json_attributes_template: v.optional(template)
};

const expire = { expire_after: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))) };

/** Units for the device classes in use here. */
const UNITS: Readonly<Record<string, readonly string[]>> = {
	duration: ['d', 'h', 'min', 's', 'ms', 'µs'],
	data_size: ['bit', 'kbit', 'Mbit', 'Gbit', 'B', 'kB', 'MB', 'GB', 'TB', 'KiB', 'MiB', 'GiB']
};

const sensor = v.pipe(
	v.strictObject({
		platform: v.literal('sensor'),
		...entity,
		...expire,
		state_topic: subscribeTopic,
		value_template: v.optional(template),
		// Settings belong to what can be set.
		entity_category: v.optional(v.literal('diagnostic')),
		device_class: v.optional(v.picklist(Object.keys(UNITS))),
		state_class: v.optional(v.picklist(['measurement', 'total', 'total_increasing', 'measurement_angle'])),
		unit_of_measurement: v.optional(v.pipe(v.string(), v.minLength(1))),
		suggested_display_precision: v.optional(v.number()),
		force_update: v.optional(v.boolean())
	}),
	v.check(
		({ device_class: kind, unit_of_measurement: unit }) =>
			kind === undefined || UNITS[kind]?.includes(unit ?? '') === true,
		'The unit is none of this device class.'
	)
);

const binarySensor = v.strictObject({
	platform: v.literal('binary_sensor'),
	...entity,
	...expire,
	state_topic: subscribeTopic,
	value_template: v.optional(template),
	entity_category: v.optional(v.literal('diagnostic')),
	device_class: v.optional(v.picklist(['occupancy', 'connectivity', 'motion', 'presence', 'problem', 'running'])),
	off_delay: v.optional(v.number()),
	payload_on: v.optional(v.string()),
	payload_off: v.optional(v.string()),
	force_update: v.optional(v.boolean())
});

const button = v.strictObject({
	platform: v.literal('button'),
	...entity,
	command_topic: publishTopic,
	command_template: v.optional(template),
	payload_press: v.optional(v.string()),
	entity_category: v.optional(v.picklist(['config', 'diagnostic'])),
	device_class: v.optional(v.picklist(['identify', 'restart', 'update'])),
	retain: v.optional(v.boolean())
});

export const DEVICE_DISCOVERY = v.strictObject({
	device: v.pipe(
		v.strictObject({
			identifiers: v.optional(v.array(v.string())),
			connections: v.optional(v.array(v.tuple([v.string(), v.string()]))),
			manufacturer: v.optional(v.string()),
			model: v.optional(v.string()),
			model_id: v.optional(v.string()),
			name: v.optional(v.string()),
			hw_version: v.optional(v.string()),
			serial_number: v.optional(v.string()),
			sw_version: v.optional(v.string()),
			via_device: v.optional(v.string()),
			suggested_area: v.optional(v.string()),
			configuration_url: v.optional(configurationUrl)
		}),
		v.check(
			({ identifiers = [], connections = [] }) => identifiers.length + connections.length > 0,
			'A device needs an identifier.'
		)
	),
	origin: v.strictObject({
		name: v.string(),
		sw_version: v.optional(v.string()),
		support_url: v.optional(configurationUrl)
	}),
	...availability,
	state_topic: v.optional(subscribeTopic),
	command_topic: v.optional(publishTopic),
	qos: v.optional(qos),
	encoding: v.optional(v.string()),
	// discovery.py TOPIC_MATCHER: the name of an entity within its device.
	components: v.record(
		v.pipe(v.string(), v.regex(/^[\w-]+$/)),
		v.union([
			v.variant('platform', [sensor, binarySensor, button]),
			// discovery.py async_discovery_message_received: removes the entity, if there is one.
			v.strictObject({ platform: v.picklist(['sensor', 'binary_sensor', 'button']) })
		])
	)
});
