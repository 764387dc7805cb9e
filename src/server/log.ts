/** The operator's log: one line with the time for each change, not for each request. */

export interface Log {
	/** Writes a line. */
	line(text: string): void;
	/** Something that went wrong: at most one line in ten seconds for each `name`. */
	event(name: string, fault: string): void;
	/**
	 * The condition of something that is tried again and again, or null if all is well: logged when it changes, and at
	 * most once in ten seconds for each `name`, however often it fails.
	 */
	condition(name: string, fault: string | null): void;
}

const QUIET_MS = 10_000;

export function createLog(write: (line: string) => void, now: () => number = Date.now): Log {
	const told = new Map<string, { fault: string | null; atMs: number; times: number }>();
	const events = new Map<string, number>();
	const line = (text: string) => {
		const time = new Date(now());
		const local = new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString();
		write(`${local.slice(0, 10)} ${local.slice(11, 19)}  ${text.replace(/[\p{Cc}]/gu, ' ')}`);
	};
	return {
		line,
		event(name, fault) {
			if (now() - (events.get(name) ?? -Infinity) < QUIET_MS) return;
			events.set(name, now());
			line(`${name}: ${fault}`);
		},
		condition(name, fault) {
			const last = told.get(name) ?? { fault: null, atMs: -Infinity, times: 0 };
			const times = fault === null ? last.times : last.times + 1;
			if (fault === last.fault || (fault !== null && last.fault !== null && now() - last.atMs < QUIET_MS)) {
				told.set(name, { ...last, times });
				return;
			}
			line(
				fault === null ? `${name} answers again, after ${times} ${times === 1 ? 'try' : 'tries'}.` : `${name}: ${fault}`
			);
			told.set(name, { fault, atMs: now(), times: fault === null ? 0 : times });
		}
	};
}
