/** The set-up page's form: every setting as the text that its parameter takes. */
import { DEFAULTS, PER_CAMERA } from './config';

/** A group of settings that belong together. */
export interface FormGroup {
	readonly title: string;
	/** Which part of the page it belongs to. */
	readonly step: 'screen' | 'notice' | 'advanced';
	readonly fields: readonly FormField[];
}

export interface FormField {
	/** The parameter's name in the address. */
	readonly name: string;
	readonly label: string;
	readonly hint?: string;
	/** Missing for free text. */
	readonly options?: readonly { readonly value: string; readonly title: string }[];
	/** Its value if the address says nothing. */
	readonly initial: string;
	readonly placeholder?: string;
}

const choice = (titles: Readonly<Record<string, string>>): NonNullable<FormField['options']> =>
	Object.entries(titles).map(([value, title]) => ({ value, title }));

const YES_NO = choice({ yes: 'Yes', no: 'No' });

/** The kinds of sources, and what to enter for each. */
export const SOURCE_TITLES = {
	camera: { title: 'Camera of this computer', rest: 'Camera', needsRest: false },
	gateway: { title: 'go2rtc or MediaMTX', rest: 'Address', needsRest: true },
	mjpeg: { title: 'Motion JPEG over HTTP', rest: 'Address', needsRest: true },
	snapshot: { title: 'Snapshot URL (JPEG, polled)', rest: 'Address', needsRest: true },
	hls: { title: 'HLS', rest: 'Address of the .m3u8', needsRest: true },
	whep: { title: 'WebRTC (WHEP)', rest: 'Address', needsRest: true },
	video: { title: 'Video file, in a loop', rest: 'Address', needsRest: true }
} as const;

export type SourceTitle = keyof typeof SOURCE_TITLES;

/** One camera of the form. */
export interface FormCamera {
	readonly kind: SourceTitle;
	readonly rest: string;
	/** Per-camera parameters, by name. */
	readonly name: string;
	readonly region: string;
	readonly rotate: string;
	readonly mirror: string;
}

export const NEW_CAMERA: FormCamera = {
	kind: 'camera',
	rest: '',
	name: '',
	region: '',
	rotate: String(DEFAULTS.rotate),
	mirror: 'no'
};

/** Per-camera settings besides the source. */
export const CAMERA_FIELDS = [
	{ name: 'name', label: 'Name', initial: '', placeholder: 'none', hint: 'On the screen and in the log.' },
	{
		name: 'region',
		label: 'Part of the picture',
		initial: '',
		placeholder: 'all of it',
		hint: 'Left, top, width, height in percent, like 25,0,50,100. Press “Test” to draw it.'
	},
	{
		name: 'rotate',
		label: 'Rotate',
		initial: String(DEFAULTS.rotate),
		options: choice({ '0': 'None', '90': '90° right', '180': '180°', '270': '90° left' })
	},
	{ name: 'mirror', label: 'Flip view', initial: 'no', options: YES_NO }
] as const satisfies readonly FormField[];

/** All settings of the kiosk as a whole. `models` and `languages` fill the choices. */
export function formGroups(
	models: readonly { readonly id: string; readonly title: string }[],
	languages: Readonly<Record<string, string>>
): FormGroup[] {
	return [
		{
			title: 'Screen',
			step: 'screen',
			fields: [
				{
					name: 'show',
					label: 'Show',
					initial: DEFAULTS.show,
					options: choice({
						video: 'Video with expressions',
						blurred: 'Video, faces pixelated',
						figures: 'Charts only'
					})
				},
				{ name: 'lang', label: 'Language', initial: DEFAULTS.language, options: choice(languages) },
				{
					name: 'idle',
					label: 'Show the notice after ... minutes without a face',
					initial: String(DEFAULTS.idleMinutes),
					hint: '0 for never. The notice then fills the screen.'
				},
				{ name: 'totals', label: 'Today’s totals beside that notice', initial: 'no', options: YES_NO }
			]
		},
		{
			title: 'Notice',
			step: 'notice',
			fields: [
				{
					name: 'notice',
					label: 'Notice to the people in view',
					initial: DEFAULTS.notice,
					options: choice({ strip: 'Bar at the bottom', screen: 'Whole screen while nobody is there', off: 'None' })
				},
				{ name: 'operator', label: 'Operator', initial: '', placeholder: 'Name, place or telephone' },
				{ name: 'link', label: 'Info link (shown as QR code)', initial: '', placeholder: 'https://' },
				{ name: 'text', label: 'Custom headline', initial: '' }
			]
		},
		{
			title: 'Faces',
			step: 'advanced',
			fields: [
				{
					name: 'model',
					label: 'Model',
					initial: '',
					options: [{ value: '', title: 'The default' }, ...models.map(({ id, title }) => ({ value: id, title }))]
				},
				{
					name: 'min-face',
					label: 'Smallest face (pixels)',
					initial: String(DEFAULTS.minFacePx),
					hint: 'Height. Smaller faces are marked as too small and not read.'
				},
				{ name: 'threshold', label: 'Confidence needed (percent)', initial: '', placeholder: 'Model default' },
				{
					name: 'resting',
					label: 'Learn each resting face',
					initial: 'no',
					options: YES_NO,
					hint: 'Takes each face’s first three seconds as its calm look. For places where people arrive calm.'
				}
			]
		},
		{
			title: 'Log',
			step: 'advanced',
			fields: [
				{ name: 'log', label: 'Keep counts by the minute', initial: 'yes', options: YES_NO },
				{ name: 'keep', label: 'Keep for (days)', initial: String(DEFAULTS.keepDays) }
			]
		},
		{
			title: 'Computer',
			step: 'advanced',
			fields: [
				{
					name: 'fps',
					label: 'Frames per second, at most',
					initial: String(DEFAULTS.fps),
					hint: '0 for as many as there are. 5 are enough for most screens, and let the processor rest between frames.'
				},
				{
					name: 'low-memory',
					label: 'Use less memory',
					initial: 'no',
					options: YES_NO,
					hint: 'Copies frames and makes them smaller: slower, but saves hundreds of megabytes.'
				},
				{
					name: 'memory',
					label: 'Memory limit (MB)',
					initial: String(DEFAULTS.memoryMb),
					hint: 'Reloads itself above this.'
				},
				{
					name: 'ice',
					label: 'STUN and TURN servers',
					initial: '',
					placeholder: 'none',
					hint: 'For WebRTC across networks, like stun:HOST:3478, several with commas between.'
				},
				{
					name: 'metrics',
					label: 'Report figures to this server',
					initial: 'no',
					options: YES_NO,
					hint: 'For Prometheus, if Mien was started with --metrics. Numbers only.'
				}
			]
		},
		{
			title: 'MQTT',
			step: 'advanced',
			fields: [
				{
					name: 'mqtt',
					label: 'Broker, over WebSocket',
					initial: '',
					placeholder: 'none',
					hint: 'On this server, such as /broker, or ws://HOST:PORT if Mien was started with it. Gets the counts of each minute.'
				},
				{
					name: 'mqtt-topic',
					label: 'Topic',
					initial: DEFAULTS.mqttTopic,
					hint: 'A different one for each kiosk, such as museum/door.'
				},
				{
					name: 'mqtt-discovery',
					label: 'Prefix of Home Assistant’s discovery',
					initial: DEFAULTS.mqttDiscovery ?? '',
					hint: '“off” announces nothing there.'
				},
				{
					name: 'mqtt-commands',
					label: 'Obey commands sent over MQTT',
					initial: 'no',
					options: YES_NO,
					hint: 'Whoever may write to the broker can then reload this page, pause it, or show video.'
				},
				{
					name: 'occupied',
					label: 'Seconds until “occupied” ends',
					initial: String(DEFAULTS.occupiedSeconds),
					hint: 'After the last face.'
				}
			]
		}
	];
}

/** The source as its parameter takes it. */
function sourceOf({ kind, rest }: Pick<FormCamera, 'kind' | 'rest'>): string {
	return rest.trim() === '' ? kind : `${kind}:${rest.trim()}`;
}

/** The cameras that a query names; this computer's camera if it names none. */
export function formCameras(query: URLSearchParams): FormCamera[] {
	const sources = query.getAll('source');
	return (sources.length === 0 ? [NEW_CAMERA.kind] : sources).map((source, index) => {
		const [kind = '', ...rest] = source.split(':');
		const own = (name: (typeof CAMERA_FIELDS)[number]['name']): string => {
			const values = query.getAll(name);
			return (values.length > 1 ? values[index] : values[0]) || NEW_CAMERA[name];
		};
		const isKnown = Object.hasOwn(SOURCE_TITLES, kind);
		return {
			// Anything else is a pasted address.
			kind: isKnown ? (kind as SourceTitle) : 'mjpeg',
			rest: isKnown ? rest.join(':') : source,
			name: own('name'),
			region: own('region'),
			rotate: own('rotate'),
			mirror: own('mirror')
		};
	});
}

/** The query for the form's contents, as text; fields that are empty or at their default are left out. */
export function formQuery(
	cameras: readonly FormCamera[],
	values: Readonly<Record<string, string>>,
	groups: readonly FormGroup[]
): string {
	const query = new URLSearchParams(cameras.map((camera) => ['source', sourceOf(camera)]));
	for (const { name } of CAMERA_FIELDS) {
		const own = cameras.map((camera) => (camera[name].trim() === NEW_CAMERA[name] ? '' : camera[name].trim()));
		const [first = ''] = own;
		if (own.every((value) => value === '')) continue;
		if (name !== 'name' && own.every((value) => value === first)) query.set(name, first);
		else for (const value of own) query.append(name, value);
	}
	for (const { name, initial } of groups.flatMap(({ fields }) => fields)) {
		const value = values[name]?.trim() ?? '';
		if (value !== '' && value !== initial) query.set(name, value);
	}
	// A "+" within a stream's address stays a "+".
	return query.toString().replaceAll('+', '%20');
}

/** What the form calls a parameter. */
export function titleOfParameter(name: string, groups: readonly FormGroup[]): string {
	if (name === 'source') return 'Camera';
	const fields: readonly FormField[] = PER_CAMERA.has(name) ? CAMERA_FIELDS : groups.flatMap((group) => group.fields);
	return fields.find((field) => field.name === name)?.label ?? name;
}
