/** What `npm run soak --` takes. */
import { parseArgs } from 'node:util';
import { FAULT_KINDS, type FaultKind } from './soak-plan';

export interface SoakOptions {
	readonly help: boolean;
	readonly minutes: number;
	readonly seed: number;
	readonly kinds: readonly FaultKind[];
	/** Instead: all transports in turn, two cameras at once, with a fast clock. */
	readonly transports: boolean;
}

export const SOAK_USAGE = `npm run soak -- [options]
  --minutes N       default 60, up to 10080; one fault in each
  --seed S          default 1; draws the order of the faults and how long each is held
  --faults A,B      only these kinds: ${FAULT_KINDS.slice(0, 5).join(', ')},
                    ${FAULT_KINDS.slice(5).join(', ')}
  --transports      instead: all transports in turn, two cameras at once, an MQTT broker that comes and goes, and a clock
                    ten times as fast; writes tests/bench/results/soak.json and its tables
  --help            this text

It runs the built kiosk in Chromium on a Motion JPEG stream of this machine, prints a line a minute and a summary at the
end or on Ctrl-C, and writes everything to .cache/soak/ as JSON lines. Exit code 1: a fault that the kiosk did not come
back from, tensors that grew, or, after more than 20 minutes, a heap that grew by 2 MB an hour or more.`;

/** Throws an Error that says what is wrong and what is allowed. */
export function parseSoakOptions(args: readonly string[]): SoakOptions {
	const { values } = parseArgs({
		args: [...args],
		options: {
			minutes: { type: 'string', default: '60' },
			seed: { type: 'string', default: '1' },
			faults: { type: 'string', default: FAULT_KINDS.join(',') },
			transports: { type: 'boolean', default: false },
			help: { type: 'boolean', default: false }
		}
	});
	return {
		help: values.help,
		transports: values.transports,
		minutes: wholeNumber('--minutes', values.minutes, { least: 1, most: 10_080 }),
		seed: wholeNumber('--seed', values.seed, { least: 0, most: 2 ** 31 - 1 }),
		kinds: values.faults.split(',').map(parseKind)
	};
}

function wholeNumber(name: string, text: string, { least, most }: { least: number; most: number }): number {
	const value = /^\d+$/.test(text) ? Number(text) : NaN;
	if (value >= least && value <= most) return value;
	throw new Error(`${name} takes a whole number from ${least} to ${most}, not "${text}".`);
}

function parseKind(text: string): FaultKind {
	const kind = FAULT_KINDS.find((each) => each === text.trim());
	if (kind !== undefined) return kind;
	throw new Error(`--faults does not know "${text}"; it takes some of ${FAULT_KINDS.join(', ')}, with commas between.`);
}
