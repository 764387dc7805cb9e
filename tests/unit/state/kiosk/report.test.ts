import { describe, expect, it } from 'vitest';
import { reportLines } from '../../../../src/lib/state/kiosk/export';
import { emptyMinute, type MinuteRecord } from '../../../../src/lib/state/kiosk/minutes';
import { reportSheet } from '../../../../src/lib/state/kiosk/report';

const NOW = new Date(2026, 10, 29, 17, 30);
const at = (day: number, hour: number, incidents: MinuteRecord['incidents'] = {}): MinuteRecord => ({
	...emptyMinute(new Date(2026, 10, day, hour, 5).getTime()),
	...{ frames: 100, faces: 2, arrivals: 2, seenMs: 30_000, unsureMs: 10_000, incidents },
	expressions: { happy: { faces: 1, dwellMs: 20_000, probabilityMs: 15_000 } }
});
const RECORDS = [at(22, 9), at(23, 9), at(29, 9), at(29, 10, { 'source-lost': 2 })];
const sheet = (span: 'day' | 'week', camera: string | null = null) =>
	reportSheet(reportLines(RECORDS, span, NOW.getTime()), span, camera, NOW);

describe('the printed report', () => {
	it('of a day has its hours and their counts', () => {
		const { title, period, camera, unit, lines, total, labels, incidents, made } = sheet('day');
		expect([title, period, camera, unit]).toEqual(['Report of the day', 'Sunday, 29 November 2026', null, 'Hour']);
		expect(lines).toHaveLength(24);
		expect(lines.filter(({ figures }) => figures.arrivals > 0).map(({ title: hour }) => hour)).toEqual([
			'09:00',
			'10:00'
		]);
		expect(total).toEqual({ arrivals: 4, seenMs: 60_000, unsureMs: 20_000, dwellMs: { happy: 40_000 }, incidents: 2 });
		expect(labels).toEqual(['happy']);
		expect(incidents).toEqual([{ title: 'Source lost', count: 2 }]);
		expect(made).toBe('Sunday, 29 November 2026, 17:30');
	});

	it('of a week has its seven days, and names the camera', () => {
		const { period, camera, unit, lines, total } = sheet('week', 'door');
		expect(period).toBe('Monday, 23 November 2026 to Sunday, 29 November 2026');
		expect([camera, unit]).toEqual(['Camera: door', 'Day']);
		expect(lines.map(({ title }) => title)).toEqual([
			...['Monday, 23 November', 'Tuesday, 24 November', 'Wednesday, 25 November', 'Thursday, 26 November'],
			...['Friday, 27 November', 'Saturday, 28 November', 'Sunday, 29 November']
		]);
		expect(lines.map(({ figures }) => figures.arrivals)).toEqual([2, 0, 0, 0, 0, 0, 4]);
		expect(total.arrivals).toBe(6);
	});

	it.each([
		// In Santiago and Beirut, the first hour is skipped.
		['Europe/Berlin', [2026, 3, 29], 23, '03:00'],
		['America/Santiago', [2026, 9, 6], 23, '01:00'],
		['Asia/Beirut', [2026, 3, 29], 23, '01:00'],
		['Europe/Berlin', [2026, 10, 25], 24, '02:00'],
		['Australia/Lord_Howe', [2026, 10, 4], 24, '02:30']
	] as const)('in %s, when clocks change (%j), has each hour once', (zone, [year, month, day], count, changed) => {
		const before = process.env['TZ'];
		process.env['TZ'] = zone;
		try {
			const first = new Date(year, month - 1, day).getTime();
			const minutes = Array.from({ length: 60 * 26 }, (_, index) => ({
				...emptyMinute(first - 3_600_000 + index * 60_000),
				frames: 1
			}));
			const lines = reportLines(minutes, 'day', new Date(year, month - 1, day, 12).getTime());
			const { lines: shown } = reportSheet(lines, 'day', null, NOW);
			const titles = shown.map(({ title }) => title);
			expect([titles.length, new Set(titles).size]).toEqual([count, count]);
			expect(titles).toContain(changed);
			const next = new Date(year, month - 1, day + 1).getTime();
			expect(lines.reduce((sum, { total }) => sum + total.frames, 0)).toBe((next - first) / 60_000);
		} finally {
			if (before === undefined) delete process.env['TZ'];
			else process.env['TZ'] = before;
		}
	});
});
