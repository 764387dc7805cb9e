/** A kiosk's state, in words for its screen. */
import { EXPLANATIONS } from '../../errors';
import { TRANSPORT_TITLES } from '../../sources/gateway-routes';
import type { GatewayReport } from '../../sources/gateway';
import type { Session } from '../session.svelte';
import { type Status, statusText, statusTone } from '../status';
import type { KioskLog } from './log.svelte';
import type { Publisher } from './publisher.svelte';
import type { Watch } from './supervise';
import type { Throttle } from './throttle';

export interface KioskState {
	readonly kind: 'running' | 'starting' | 'retrying' | 'paused';
	readonly text: string;
	readonly tone: ReturnType<typeof statusTone>;
	/** What happened, and what to check; null while all is well. */
	readonly trouble: { readonly sentence: string; readonly remedy: string } | null;
}

export function describeKiosk(status: Status, watch: Watch, isPaused = false): KioskState {
	if (isPaused) return { kind: 'paused', text: 'Paused', tone: 'calm', trouble: null };
	const waiting =
		watch.engine.kind === 'waiting' ? watch.engine : watch.source.kind === 'waiting' ? watch.source : null;
	if (status.kind === 'failed') {
		const { sentence, remedy } = EXPLANATIONS[status.error.code];
		const { said } = status.error;
		const attempt = waiting?.attempt ?? 1;
		return {
			kind: 'retrying',
			text: `Reconnecting (attempt ${attempt})`,
			tone: 'failed',
			trouble: { sentence, remedy: said === null ? remedy : `${said} ${remedy}` }
		};
	}
	const kind = status.kind === 'running' ? 'running' : 'starting';
	return { kind, text: statusText(status), tone: statusTone(status), trouble: null };
}

/** What is wrong with the connection to the broker; null if nothing is. */
export function describeBroker({
	link,
	limits,
	unsent,
	conflict
}: Pick<Publisher, 'link' | 'limits' | 'unsent' | 'conflict'>): string | null {
	const waiting = unsent === 0 ? '' : `, ${unsent} min to send`;
	switch (link) {
		case 'away':
			return `Broker away${waiting}`;
		case 'refused':
			return `Broker refuses the login${waiting}`;
		case 'connecting':
		case 'connected':
			if (conflict === 'silent') return `Another kiosk has this MQTT topic: this one sends nothing${waiting}`;
			if (conflict === 'other-is-silent') return 'Another kiosk has this MQTT topic: it sends nothing';
			return limits.length === 0 ? null : `Broker ${limits.join(', ')}`;
	}
}

/** Says that the address names a model that does not exist and another one runs; null if it exists. */
export function describeModel(
	named: string | null,
	{ classifiers, model }: Pick<Session, 'classifiers' | 'model'>
): string | null {
	if (named === null || model === null || classifiers.some(({ id }) => id === named)) return null;
	return `There is no model “${named}”: ${model.id} runs. Known: ${classifiers.map(({ id }) => id).join(', ')}`;
}

/** Why this page does not log what it sees; null if it does. `waiting`: minutes that could not be stored. */
export function describeLog(isCounting: boolean, { waiting }: Pick<KioskLog, 'waiting'>): string | null {
	if (!isCounting) return 'Another tab counts';
	return waiting === 0 ? null : `Log cannot be written, ${waiting} min wait`;
}

/** Which way to a gateway's camera is in use, and why others that were tried are not; null without a gateway. */
export function describeGateway(report: GatewayReport | null): string | null {
	if (report === null) return null;
	const refused = report.refused.map(({ transport, reason }) => `${TRANSPORT_TITLES[transport]}: ${reason}`);
	const used = report.transport === null ? 'Trying other ways' : TRANSPORT_TITLES[report.transport];
	return refused.length === 0 ? used : `${used} (${refused.join('; ')})`;
}

/** Says that the device has become slow, and what is done about it; null if it has not. */
export function describeThrottle({ isSlow, bestMs, lastMs }: Throttle): string | null {
	if (!isSlow || bestMs === null || lastMs === null) return null;
	return `Device is slow (${Math.round(lastMs)} ms a frame, ${Math.round(bestMs)} at best): fewer frames are analysed`;
}
