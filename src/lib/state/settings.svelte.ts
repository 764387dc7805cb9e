/** What a visitor chose, kept in this browser. One schema: SettingsData. */
import type { Prior } from '../core/types';
import type { CameraChoice } from '../sources/camera';

export type Theme = 'system' | 'light' | 'dark';

export interface SettingsData {
	readonly theme: Theme;
	/** Null for the manifest's default. */
	readonly modelId: string | null;
	readonly camera: CameraChoice | null;
	readonly mirror: boolean;
	/** Time constant of the smoothing, 0..2000 ms. */
	readonly smoothingMs: number;
	/** Detections under this confidence, 0..1, are not shown. */
	readonly minConfidence: number;
	/** How labels count. */
	readonly prior: Prior;
	/** A label less likely than this, 0..1, is shown as "unsure"; null for each model's own limit. */
	readonly unsureBelow: number | null;
	/** Live pictures are searched for faces down to this height in pixels; null: one look, which finds near faces. */
	readonly smallestFacePx: number | null;
	/** Most faces read; the largest are. */
	readonly maxFaces: number;
}

export const DEFAULT_SETTINGS: SettingsData = {
	theme: 'system',
	modelId: null,
	camera: null,
	mirror: true,
	smoothingMs: 300,
	minConfidence: 0.5,
	prior: 'everyday',
	unsureBelow: null,
	smallestFacePx: null,
	// More than this is a crowd that no panel can show.
	maxFaces: 12
};

const STORAGE_KEY = 'mien.settings';

/** Settings from any value: a field that is missing or invalid takes its default, the others stay. */
export function parseSettings(value: unknown): SettingsData {
	const fields = isRecord(value) ? value : {};
	const { theme, modelId, camera, mirror, smoothingMs, minConfidence, prior, unsureBelow } = fields;
	return {
		theme: theme === 'light' || theme === 'dark' ? theme : DEFAULT_SETTINGS.theme,
		modelId: typeof modelId === 'string' ? modelId : DEFAULT_SETTINGS.modelId,
		camera: parseCamera(camera),
		mirror: typeof mirror === 'boolean' ? mirror : DEFAULT_SETTINGS.mirror,
		smoothingMs: isBetween(smoothingMs, 0, 2000) ? smoothingMs : DEFAULT_SETTINGS.smoothingMs,
		minConfidence: isBetween(minConfidence, 0, 1) ? minConfidence : DEFAULT_SETTINGS.minConfidence,
		prior: prior === 'everyday' || prior === 'training' ? prior : DEFAULT_SETTINGS.prior,
		unsureBelow: isBetween(unsureBelow, 0, 1) ? unsureBelow : DEFAULT_SETTINGS.unsureBelow,
		// No page lets a visitor choose these; the kiosk sets them while it runs.
		smallestFacePx: DEFAULT_SETTINGS.smallestFacePx,
		maxFaces: DEFAULT_SETTINGS.maxFaces
	};
}

/** What Settings needs of localStorage. */
export type SettingsStorage = Pick<Storage, 'getItem' | 'setItem'>;

export class Settings {
	#kept: SettingsData = $state.raw(DEFAULT_SETTINGS);
	#overrides: Partial<SettingsData> = $state.raw({});
	readonly #current: SettingsData = $derived({ ...this.#kept, ...this.#overrides });
	readonly #storage: SettingsStorage | null;

	/** `storage`: null if the browser stores nothing; the settings then last as long as the page. */
	constructor(storage: SettingsStorage | null) {
		this.#storage = storage;
		this.#kept = read(storage);
	}

	get current(): SettingsData {
		return this.#current;
	}

	/** Gives some fields other values, which are not stored, until the next call; for pages configured differently. */
	override(overrides: Partial<SettingsData>): void {
		this.#overrides = overrides;
	}

	/** Takes over the theme chosen in another tab, once it has changed `key`; what that tab looks at is its own affair. */
	followTheme(key: string | null): void {
		if (key === STORAGE_KEY) this.#kept = { ...this.#kept, theme: read(this.#storage).theme };
	}

	/** Changes some fields and keeps them for the next visit, beside what other tabs have changed since. */
	update(patch: Partial<SettingsData>): void {
		this.#kept = { ...this.#kept, ...patch };
		try {
			this.#storage?.setItem(STORAGE_KEY, JSON.stringify({ ...read(this.#storage), ...patch }));
		} catch (error) {
			// If storage is full or forbidden, only the next visit loses its settings.
			console.warn('The settings could not be kept.', error);
		}
	}
}

function read(storage: SettingsStorage | null): SettingsData {
	try {
		return parseSettings(JSON.parse(storage?.getItem(STORAGE_KEY) ?? 'null'));
	} catch {
		return DEFAULT_SETTINGS;
	}
}

function parseCamera(value: unknown): CameraChoice | null {
	if (!isRecord(value)) return null;
	const { id, label } = value;
	return typeof id === 'string' && typeof label === 'string' ? { id, label } : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null;
}

function isBetween(value: unknown, low: number, high: number): value is number {
	return typeof value === 'number' && value >= low && value <= high;
}
