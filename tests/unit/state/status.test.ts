import { describe, expect, it } from 'vitest';
import type { FrameResult } from '../../../src/lib/core/types';
import { AppError } from '../../../src/lib/errors';
import type { FrameSource } from '../../../src/lib/sources/source';
import { statusOf, statusText, statusTone, type Engine, type View } from '../../../src/lib/state/status';

const loading: Engine = { kind: 'loading', progress: 0.5 };
const ready: Engine = { kind: 'ready' };
const broken: Engine = { kind: 'failed', error: new AppError('backend-unavailable', '') };
const none: View = { kind: 'none' };
const live: View = { kind: 'open', source: { live: true } as FrameSource };
const still: View = { kind: 'open', source: { live: false } as FrameSource };
const asking: View = { kind: 'opening', sourceKind: 'camera' };
const lost: View = { kind: 'failed', error: new AppError('camera-lost', '') };

describe('statusOf', () => {
	it.each([
		[loading, none, 'loading'],
		[loading, live, 'loading'],
		[loading, asking, 'requesting-camera'],
		[ready, none, 'idle'],
		[ready, live, 'running'],
		[ready, still, 'analysing'],
		[broken, none, 'failed'],
		[broken, live, 'failed'],
		[ready, lost, 'failed']
	] as const)('%j with %j is %s', (engine, view, kind) => {
		expect(statusOf(engine, view, null, false).kind).toBe(kind);
	});

	it('is done once a still has its result, and still searching if that comes from a glance', () => {
		expect(statusOf(ready, still, {} as FrameResult, false).kind).toBe('done');
		const glanced = statusOf(ready, still, {} as FrameResult, true);
		expect([glanced.kind, statusText(glanced), statusTone(glanced)]).toEqual([
			'searching',
			'Looking for small faces',
			'busy'
		]);
	});
});

describe('statusText', () => {
	it('says how far loading is', () => {
		expect(statusText(loading)).toBe('Getting ready… 50 %');
		expect(statusTone(loading)).toBe('busy');
	});
});
