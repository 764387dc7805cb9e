/** The set-up page's form: every setting as the text that its parameter takes. */
import { DEFAULTS } from './config';

/** A group of settings that belong together. */
export interface FormGroup {
	readonly title: string;
	readonly fields: readonly FormField[];
}

export interface FormField {
	/** The parameter's name in the address. */
	readonly name: string;
	readonly label: string;
	readonly hint?: string;
	/** Empty for free text. */
	readonly options?: readonly { readonly value: string; readonly title: string }[];
	/** What it is where the address says nothing. */
	readonly initial: string;
	readonly placeholder?: string;
}

const choice = (titles: Readonly<Record<string, string>>): NonNullable<FormField['options']> =>
	Object.entries(titles).map(([value, title]) => ({ value, title }));

const YES_NO = choice({ yes: 'Yes', no: 'No' });

/** The kinds of sources, and what each is given as. */
export const SOURCE_TITLES = {
	camera: { title: 'Camera of this computer', rest: 'Its name, or empty for any', needsRest: false },
	mjpeg: { title: 'Motion JPEG over HTTP', rest: 'Address', needsRest: true },
	snapshot: { title: 'JPEG pictures, again and again', rest: 'Address', needsRest: true },
	hls: { title: 'HLS', rest: 'Address of the .m3u8', needsRest: true },
	whep: { title: 'WebRTC (WHEP)', rest: 'Address', needsRest: true },
	video: { title: 'Video file, in a loop', rest: 'Address', needsRest: true }
} as const;

export type SourceTitle = keyof typeof SOURCE_TITLES;

/** All settings but the source. `models` and `languages` fill the choices. */
export function formGroups(
	models: readonly { readonly id: string; readonly title: string }[],
	languages: Readonly<Record<string, string>>
): FormGroup[] {
	return [
		{
			title: 'Picture',
			fields: [
				{
					name: 'region',
					label: 'Part of the picture',
					initial: '',
					placeholder: 'all of it',
					hint: 'Left, top, width, height in per cent, such as 25,0,50,100'
				},
				{
					name: 'rotate',
					label: 'Turn',
					initial: String(DEFAULTS.rotate),
					options: choice({ '0': 'As it is', '90': '90° right', '180': '180°', '270': '90° left' })
				},
				{ name: 'mirror', label: 'Mirror', initial: 'no', options: YES_NO },
				{
					name: 'show',
					label: 'Show',
					initial: DEFAULTS.show,
					options: choice({
						video: 'Video with expressions',
						blurred: 'Video with hidden faces',
						figures: 'Figures alone'
					})
				},
				{
					name: 'idle',
					label: 'Minutes without a face before it rests',
					initial: String(DEFAULTS.idleMinutes),
					hint: '0 for never. The notice then fills the screen.'
				}
			]
		},
		{
			title: 'Faces',
			fields: [
				{
					name: 'model',
					label: 'Model',
					initial: '',
					options: [{ value: '', title: 'The default' }, ...models.map(({ id, title }) => ({ value: id, title }))]
				},
				{
					name: 'min-face',
					label: 'Smallest face, in pixels',
					initial: String(DEFAULTS.minFacePx),
					hint: 'In height. Smaller ones are marked as too small, and not read.'
				},
				{
					name: 'threshold',
					label: 'Unsure below, in per cent',
					initial: '',
					placeholder: 'as the model brings it'
				},
				{ name: 'lang', label: 'Language on the screen', initial: DEFAULTS.language, options: choice(languages) }
			]
		},
		{
			title: 'Log',
			fields: [
				{ name: 'log', label: 'Keep counts by the minute', initial: 'yes', options: YES_NO },
				{ name: 'keep', label: 'Days that they are kept', initial: String(DEFAULTS.keepDays) },
				{
					name: 'memory',
					label: 'Most memory, in megabytes',
					initial: String(DEFAULTS.memoryMb),
					hint: 'The page opens anew, in order, where it needs more.'
				}
			]
		},
		{
			title: 'MQTT',
			fields: [
				{
					name: 'mqtt',
					label: 'Broker, over WebSocket',
					initial: '',
					placeholder: 'none',
					hint: 'On this server, such as /broker, or ws://HOST:PORT where Mien was started with it. Gets the counts of each minute.'
				},
				{
					name: 'mqtt-topic',
					label: 'Topic',
					initial: DEFAULTS.mqttTopic,
					hint: 'Another one for each kiosk, such as museum/door.'
				},
				{
					name: 'mqtt-discovery',
					label: 'Prefix of Home Assistant’s discovery',
					initial: DEFAULTS.mqttDiscovery ?? '',
					hint: 'With “off” nothing is announced there.'
				}
			]
		},
		{
			title: 'Notice',
			fields: [
				{
					name: 'notice',
					label: 'Notice to the people in view',
					initial: DEFAULTS.notice,
					options: choice({ strip: 'Strip below', screen: 'Whole screen while nobody is there', off: 'None' })
				},
				{ name: 'operator', label: 'Who operates it', initial: '', placeholder: 'Name, place or telephone' },
				{ name: 'link', label: 'Link for more, as a QR code', initial: '', placeholder: 'https://' },
				{ name: 'text', label: 'Own words in place of the first line', initial: '' }
			]
		}
	];
}

/** The query for what stands in the form: fields that are empty or as they are by default are left out. */
export function formQuery(
	source: string,
	values: Readonly<Record<string, string>>,
	groups: readonly FormGroup[]
): URLSearchParams {
	const query = new URLSearchParams({ source });
	for (const { name, initial } of groups.flatMap(({ fields }) => fields)) {
		const value = values[name]?.trim() ?? '';
		if (value !== '' && value !== initial) query.set(name, value);
	}
	return query;
}
