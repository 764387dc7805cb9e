import { describe, expect, it } from 'vitest';
import { peersSummary, type PeersResults, type Start } from '../../bench/peers/results';

const both = (ms: number) => ({ medianMs: ms, bestMs: ms });
const start = (line: string, visit: Start['visit'], mien: number): Start => ({
	...{ line, visit, runs: 1 },
	times: { mien: both(mien), human: both(1000), 'face-api': both(2000) }
});
const looked = (found: number) => ({ ...both(10), found, perSecond: 30 });

const RESULTS: PeersResults = {
	date: '2026-01-02T03:04:05Z',
	machine: 'two cores',
	browser: 'a browser',
	load: 0,
	versions: { human: '1', 'face-api': '2' },
	bytes: {
		mien: { files: 1, bytes: 1e6 },
		human: { files: 1, bytes: 2e6 },
		'face-api': { files: 1, bytes: 1e6 }
	},
	starts: [
		start('this machine', 'first', 600),
		start('this machine', 'second', 351),
		start('10 Mbit/s and 40 ms', 'first', 710)
	],
	longestTaskMs: 50,
	frames: [4, 10].map((faces) => ({
		...{ faces, size: '640x480', frames: 1 },
		times: { mien: looked(4), human: looked(faces), 'face-api': looked(faces) }
	}))
};

describe('the summary of peers', () => {
	const rows = peersSummary(RESULTS).split('\n');
	const row = (name: string) => rows.find((line) => line.startsWith(`| ${name}`))?.replaceAll(/ +/g, ' ');

	it('states each goal with its ratio: met up to the limit, missed beyond it', () => {
		expect(row('first visit, this')).toBe(
			"| first visit, this machine | 0.60 s | 0.60 | 0.30 | 0.60 of human's: met |"
		);
		expect(row('second visit, this')).toBe('| second visit, this machine | 0.35 s | 0.35 | 0.18 | 0.35 s: missed |');
		expect(row('first visit, 10')).toContain("0.70 of human's: missed");
		expect(row('longest task')).toContain('50 ms: met');
	});

	it('compares no frame in which Mien finds fewer faces than there are', () => {
		expect(row('a frame, 4 faces')).toBeDefined();
		expect(row('a frame, 10 faces')).toBeUndefined();
	});
});
