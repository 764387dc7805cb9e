import type { Incident } from './supervise';

/** Each kind of incident in a few words, for screens and tables. */
export const INCIDENT_TITLES: Readonly<Record<Incident, string>> = {
	'source-away': 'Source away',
	'source-lost': 'Source lost',
	'source-frozen': 'Source frozen',
	'worker-restarted': 'Analysis restarted',
	'gpu-lost': 'Graphics card lost',
	'engine-failed': 'Analysis failed',
	asleep: 'Slept',
	memory: 'Memory'
};
