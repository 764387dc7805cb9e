/** Where a kiosk stands, in words for its screen. */
import { EXPLANATIONS } from '../../errors';
import { type Status, statusText, statusTone } from '../status';
import type { Watch } from './supervise';

export interface KioskState {
	readonly kind: 'running' | 'starting' | 'retrying';
	readonly text: string;
	readonly tone: ReturnType<typeof statusTone>;
	/** What happened and what to check; null while all is well. */
	readonly detail: string | null;
}

export function describeKiosk(status: Status, watch: Watch, nowMs: number): KioskState {
	const waiting =
		watch.engine.kind === 'waiting' ? watch.engine : watch.source.kind === 'waiting' ? watch.source : null;
	if (status.kind === 'failed') {
		const { sentence, remedy } = EXPLANATIONS[status.error.code];
		const seconds = waiting === null ? 0 : Math.max(0, Math.ceil((waiting.dueMs - nowMs) / 1000));
		const attempt = waiting?.attempt ?? 1;
		return {
			kind: 'retrying',
			text: seconds === 0 ? 'Trying again' : `Trying again in ${seconds} s`,
			tone: 'failed',
			detail: `${sentence} ${remedy} Try ${attempt}.`
		};
	}
	const kind = status.kind === 'running' ? 'running' : 'starting';
	return { kind, text: statusText(status), tone: statusTone(status), detail: null };
}
