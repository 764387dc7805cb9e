/** Where a kiosk stands, in words for its screen. */
import { explain } from '../../errors';
import type { Session } from '../session.svelte';
import { type Status, statusText, statusTone } from '../status';
import type { KioskLog } from './log.svelte';
import type { Publisher } from './publisher.svelte';
import type { Watch } from './supervise';

export interface KioskState {
	readonly kind: 'running' | 'starting' | 'retrying';
	readonly text: string;
	readonly tone: ReturnType<typeof statusTone>;
	/** What happened and what to check; null while all is well. */
	readonly detail: string | null;
}

/** Where it stands: `nowMs` on the clock of `watch`. */
export function describeKiosk(status: Status, watch: Watch, nowMs: number): KioskState {
	const waiting =
		watch.engine.kind === 'waiting' ? watch.engine : watch.source.kind === 'waiting' ? watch.source : null;
	if (status.kind === 'failed') {
		const seconds = waiting === null ? 0 : Math.max(0, Math.ceil((waiting.dueMs - nowMs) / 1000));
		const attempt = waiting?.attempt ?? 1;
		return {
			kind: 'retrying',
			text: seconds === 0 ? 'Trying again' : `Trying again in ${seconds} s`,
			tone: 'failed',
			detail: `${explain(status.error)} Try ${attempt}.`
		};
	}
	const kind = status.kind === 'running' ? 'running' : 'starting';
	return { kind, text: statusText(status), tone: statusTone(status), detail: null };
}

/** What is wrong with the connection to the broker; null while nothing is. */
export function describeBroker({ link, unsent }: Pick<Publisher, 'link' | 'unsent'>): string | null {
	const waiting = unsent === 0 ? '' : `, ${unsent} min to send`;
	switch (link) {
		case 'away':
			return `Broker away${waiting}`;
		case 'refused':
			return `Broker refuses the login${waiting}`;
		case 'connecting':
		case 'connected':
			return null;
	}
}

/** What is said where the address names a model that is not there, and another one runs; null where it is. */
export function describeModel(
	named: string | null,
	{ classifiers, model }: Pick<Session, 'classifiers' | 'model'>
): string | null {
	if (named === null || model === null || classifiers.some(({ id }) => id === named)) return null;
	return `There is no model “${named}”: ${model.id} runs. Known: ${classifiers.map(({ id }) => id).join(', ')}`;
}

/** What keeps this page from keeping what it sees; null where nothing does. `waiting`: minutes that could not be stored. */
export function describeLog(isCounting: boolean, { waiting }: Pick<KioskLog, 'waiting'>): string | null {
	if (!isCounting) return 'Another tab counts';
	return waiting === 0 ? null : `Log cannot be written, ${waiting} min wait`;
}
