import { describe, expect, it, vi } from 'vitest';
import { DEFAULT_SETTINGS, parseSettings, Settings } from '../../../src/lib/state/settings.svelte';

function memoryStorage(initial?: string) {
	let kept = initial ?? null;
	return {
		getItem: () => kept,
		setItem: (_key: string, value: string) => {
			kept = value;
		}
	};
}

describe('parseSettings', () => {
	it.each([null, undefined, 3, 'text', [], {}])('takes the defaults for %j', (value) => {
		expect(parseSettings(value)).toEqual(DEFAULT_SETTINGS);
	});

	it('keeps valid fields and replaces the others one by one', () => {
		const parsed = parseSettings({
			theme: 'dark',
			modelId: 7,
			camera: { id: 'x' },
			mirror: false,
			smoothingMs: -1,
			minConfidence: 0.8,
			unknown: 1
		});
		expect(parsed).toEqual({ ...DEFAULT_SETTINGS, theme: 'dark', mirror: false, minConfidence: 0.8 });
	});

	it.each([Number.NaN, Infinity, '300', 2001])('rejects %s as a time', (smoothingMs) => {
		expect(parseSettings({ smoothingMs }).smoothingMs).toBe(DEFAULT_SETTINGS.smoothingMs);
	});
});

describe('stored settings', () => {
	it('come back as they were left', () => {
		const storage = memoryStorage();
		new Settings(storage).update({ theme: 'light', camera: { id: 'c', label: 'Desk' } });
		expect(new Settings(storage).current).toEqual({
			...DEFAULT_SETTINGS,
			theme: 'light',
			camera: { id: 'c', label: 'Desk' }
		});
	});

	it('keep what two tabs change, each its own fields', () => {
		const storage = memoryStorage();
		const [one, other] = [new Settings(storage), new Settings(storage)];
		one.update({ theme: 'dark' });
		other.update({ mirror: false });
		expect(new Settings(storage).current).toEqual({ ...DEFAULT_SETTINGS, theme: 'dark', mirror: false });
	});

	it('follow the theme of another tab, and nothing else of it', () => {
		const storage = memoryStorage();
		const [one, other] = [new Settings(storage), new Settings(storage)];
		one.update({ theme: 'dark', mirror: false });
		other.followTheme('another key');
		expect(other.current.theme).toBe('system');
		other.followTheme('mien.settings');
		expect(other.current).toEqual({ ...DEFAULT_SETTINGS, theme: 'dark' });
	});

	it('keep a threshold that was moved, and follow each model before', () => {
		const storage = memoryStorage();
		const settings = new Settings(storage);
		settings.update({ mirror: false });
		expect(new Settings(storage).current.unsureBelow).toBeNull();
		settings.update({ unsureBelow: 0.55 });
		expect(new Settings(storage).current.unsureBelow).toBe(0.55);
		settings.update({ unsureBelow: null });
		expect(new Settings(storage).current.unsureBelow).toBeNull();
	});

	it('keep how labels count, as in everyday faces by default', () => {
		const storage = memoryStorage();
		const settings = new Settings(storage);
		expect(settings.current.prior).toBe('everyday');
		settings.update({ prior: 'training' });
		expect(new Settings(storage).current.prior).toBe('training');
		expect(parseSettings({ prior: 'often' }).prior).toBe('everyday');
	});

	it('start from the defaults if the storage holds no JSON, or there is none', () => {
		expect(new Settings(memoryStorage('{')).current).toEqual(DEFAULT_SETTINGS);
		expect(new Settings(null).current).toEqual(DEFAULT_SETTINGS);
	});

	it('work even if nothing can be stored', () => {
		const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
		const settings = new Settings({
			getItem: () => null,
			setItem: () => {
				throw new Error('QuotaExceededError');
			}
		});
		settings.update({ mirror: false });
		expect(settings.current.mirror).toBe(false);
		expect(warn).toHaveBeenCalledOnce();
		warn.mockRestore();
	});
});
