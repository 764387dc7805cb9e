import { expect, it } from 'vitest';
import { metricsReport, type MetricsSample } from '../../../../src/lib/state/kiosk/metrics';

const SAMPLE: MetricsSample = {
	arrived: 100,
	analysed: 40,
	inferenceMs: 21.26,
	faces: 2,
	incidents: 1,
	heapMb: 33.33,
	up: true
};

it('a report has rates since the previous one, and only numbers', () => {
	const now = { ...SAMPLE, arrived: 400, analysed: 190 };
	expect(metricsReport('Door “1”', SAMPLE, now, 15)).toEqual({
		kiosk: 'Door _1_',
		cameraFps: 20,
		processFps: 10,
		skippedFps: 10,
		inferenceMs: 21.3,
		faces: 2,
		incidents: 1,
		heapMb: 33.3,
		up: 1
	});
});

it('a report leaves out unknown figures, for instance after the source was reopened', () => {
	expect(
		metricsReport('a', SAMPLE, { ...SAMPLE, arrived: 5, analysed: 40, heapMb: null, inferenceMs: null, up: false }, 15)
	).toEqual({
		...{ kiosk: 'a', processFps: 0, faces: 2, incidents: 1, up: 0 }
	});
	expect(metricsReport('a', { ...SAMPLE, arrived: null }, SAMPLE, 15)).not.toHaveProperty('cameraFps');
});
