/** A connection to an MQTT broker over WebSocket: reconnects by itself, and asks for less if the broker hangs up. */
import type mqtt from 'mqtt';
import type { IClientOptions, MqttClient } from 'mqtt';
import type { Login } from '../../sources/request';
import type { MqttMessage } from './mqtt';

const RETRY_MS = 3000;
const CONNECT_LIMIT_MS = 10_000;
/** Seconds; a silently dead connection is noticed within one and a half times this long. */
const KEEP_ALIVE_S = 20;
/** A broker's codes for a wrong or missing login (MQTT 3.1.1, section 3.2.2.3; MQTT 5, section 3.2.2.2). */
const REFUSALS: readonly unknown[] = [4, 5, 134, 135];
/** Its codes for a protocol version that it does not know. */
const OTHER_VERSION: readonly unknown[] = [1, 132];
/** A broker that has not confirmed a message after this long is taken to confirm none. */
const CONFIRM_LIMIT_MS = 20_000;
/** This many connections that end at the same request are no accident. */
const ENDS = 2;

/** Features some brokers hang up on (AWS IoT does when its policy lacks the right); they are dropped one at a time. */
type Wish = 'subscribe' | 'retain' | 'will' | 'confirm';
const WORDS: Readonly<Record<Wish, string>> = {
	subscribe: 'does not let this page subscribe',
	retain: 'keeps no retained messages',
	will: 'takes no last will',
	confirm: 'confirms no messages, so that one may be lost'
};

export interface LinkOptions {
	readonly url: string;
	/** Asked for each connection: it may be changed while the kiosk runs. */
	readonly login: () => Login | null;
	readonly will: MqttMessage;
	/** Topics to subscribe to; optional, as the broker may not allow it. */
	readonly topics: readonly string[];
	/** Called on each connection, to send what comes first; subscribing comes after. */
	readonly onConnect: () => Promise<void>;
	readonly onMessage: (topic: string, payload: string, retained: boolean) => void;
	readonly retryMs?: number;
	readonly confirmLimitMs?: number;
}

export class BrokerLink {
	state: 'connecting' | 'connected' | 'away' | 'refused' = $state('connecting');
	/** What this broker does not do, in words; empty if it does everything. */
	limits: readonly string[] = $state.raw([]);
	readonly #options: LinkOptions;
	#client: MqttClient | null = null;
	#without: readonly Wish[] = [];
	readonly #ends: Record<Wish, number> = { subscribe: 0, retain: 0, will: 0, confirm: 0 };
	/** Whether the connection ends because the broker did not confirm a message. */
	#isSilent = false;
	/** MQTT protocol version: 3.1.1 (4), or 5 if the broker knows no other. */
	#version: 4 | 5 = 4;
	/** How many ends it takes to blame the last will; doubled each time it turns out not to be the reason. */
	#willEnds = ENDS;
	/** What the broker was asked for and has not answered yet. */
	#asked: readonly Wish[] = [];
	/** Rejects when the connection is lost. */
	#lost: Promise<never> = new Promise<never>(() => undefined);

	constructor(options: LinkOptions) {
		this.#options = options;
	}

	get connected(): boolean {
		return this.#client !== null;
	}

	/** Connects, and reconnects whenever the connection is lost, until `signal` aborts. Resolves once disconnected. */
	async run(signal: AbortSignal): Promise<void> {
		const { retryMs = RETRY_MS } = this.#options;
		const library = await loadMqtt(signal, retryMs);
		// A function, as this changes during awaits.
		const isOver = () => signal.aborted;
		while (library !== null && !isOver()) {
			await this.#connect(library, signal);
			if (!isOver()) await new Promise((resolve) => setTimeout(resolve, retryMs));
		}
		this.state = 'connecting';
	}

	/** Resolves once the broker has it; rejects if the connection is lost first. `retain`: kept for later ones. */
	async publish({ topic, payload }: MqttMessage, retain = true): Promise<void> {
		const client = this.#client;
		if (client === null) throw new Error('there is no connection');
		const isRetained = retain && !this.#without.includes('retain');
		const isConfirmed = !this.#without.includes('confirm');
		const wish = isRetained ? 'retain' : isConfirmed ? 'confirm' : null;
		if (wish !== null) this.#ask(wish);
		const { confirmLimitMs = CONFIRM_LIMIT_MS } = this.#options;
		const timer = setTimeout(() => {
			// Silence says nothing about the other wishes.
			this.#asked = ['confirm'];
			this.#isSilent = true;
			client.end(true);
		}, confirmLimitMs);
		try {
			const options = { qos: isConfirmed ? 1 : 0, retain: isRetained } as const;
			await Promise.race([this.#lost, client.publishAsync(topic, payload, options)]);
		} finally {
			clearTimeout(timer);
		}
		if (wish !== null) this.#answered(wish);
		this.#ends.confirm = 0;
	}

	/** One connection, from start to end. The library's own reconnect would repeat what this broker hangs up on. */
	async #connect(library: typeof mqtt, signal: AbortSignal): Promise<void> {
		const { url, onMessage } = this.#options;
		const login = this.#options.login();
		const will = this.#will();
		const stands = { isOpen: false, isTaken: false };
		const client = library.connect(url, {
			...(login === null ? {} : { username: login.user, password: login.password }),
			...(will === undefined ? {} : { will }),
			protocolVersion: this.#version,
			reconnectPeriod: 0,
			connectTimeout: CONNECT_LIMIT_MS,
			keepalive: KEEP_ALIVE_S,
			queueQoSZero: false,
			// An unreachable broker ends the connection, too, so nothing counts as asked before the transport is open.
			createWebsocket: (address, protocols) => {
				const socket = new WebSocket(address, protocols);
				socket.addEventListener('open', () => {
					stands.isOpen = true;
					if (will !== undefined) this.#ask('will');
				});
				return socket;
			},
			// The other kind loads a blob: URL, which the page's security policy forbids.
			timerVariant: 'native'
		});
		let lose: (error: Error) => void = () => undefined;
		this.#lost = new Promise<never>((_, reject) => (lose = reject));
		// There may be no awaiter.
		this.#lost.catch(() => undefined);
		const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
		client.on('connect', () => {
			stands.isTaken = true;
			this.#answered('will');
			this.#client = client;
			this.state = 'connected';
			void this.#begin(client);
		});
		client.on('message', (topic, payload, { retain }) => onMessage(topic, payload.toString(), retain));
		client.on('error', (error) => {
			const code = 'code' in error ? error.code : null;
			this.state = REFUSALS.includes(code) ? 'refused' : 'away';
			if (OTHER_VERSION.includes(code)) this.#version = this.#version === 4 ? 5 : 4;
			// A wrong login or an unreachable server says nothing about the last will.
			this.#asked = this.#asked.filter((each) => each !== 'will');
			console.info(`The broker at ${url}: ${error.message}`);
			client.end(true);
		});
		const leave = new AbortController();
		const left = new Promise<void>((resolve) =>
			signal.addEventListener('abort', () => resolve(), { once: true, signal: leave.signal })
		);
		await Promise.race([closed, left]);
		leave.abort();
		if (signal.aborted) await this.#leave(client);
		this.#client = null;
		lose(new Error('the connection was lost'));
		if (signal.aborted) return;
		if (this.state !== 'refused') this.state = 'away';
		if (stands.isOpen && !stands.isTaken && will === undefined) this.#acquitWill();
		this.#ended();
		client.end(true);
	}

	async #begin(client: MqttClient): Promise<void> {
		await this.#options.onConnect();
		if (this.#without.includes('subscribe') || client !== this.#client) return;
		this.#ask('subscribe');
		try {
			// A broker that does not let us subscribe still takes what we send.
			await client.subscribeAsync([...this.#options.topics], { qos: 1 });
		} catch (error) {
			if (!client.connected) return;
			console.info('The broker does not let this page subscribe.', error);
		}
		this.#answered('subscribe');
	}

	#ask(wish: Wish): void {
		this.#asked = [...this.#asked, wish];
	}

	#answered(wish: Wish): void {
		this.#asked = this.#asked.filter((each) => each !== wish);
		this.#ends[wish] = 0;
	}

	/** A connection ended. The last request may be why; if it keeps happening, the next connections do without it. */
	#ended(): void {
		const [wish, ...others] = this.#asked;
		const isSilent = this.#isSilent;
		this.#asked = [];
		this.#isSilent = false;
		if (wish === undefined || others.length > 0 || ++this.#ends[wish] < (wish === 'will' ? this.#willEnds : ENDS))
			return;
		// Without confirmations, we could never tell whether it also hangs up on retained messages.
		const isBoth = wish === 'confirm' && !isSilent && !this.#without.includes('retain');
		this.#without = [...this.#without, wish, ...(isBoth ? (['retain'] as const) : [])];
		this.limits = this.#without.map((each) => WORDS[each]);
		console.info(`The broker at ${this.#options.url} hung up ${this.#ends[wish]} times: it ${WORDS[wish]}, it seems.`);
	}

	/** The broker also hangs up on a connection without a last will, so that was not the reason. */
	#acquitWill(): void {
		this.#without = this.#without.filter((each) => each !== 'will');
		this.limits = this.#without.map((each) => WORDS[each]);
		this.#ends.will = 0;
		this.#willEnds *= 2;
	}

	#will(): IClientOptions['will'] {
		if (this.#without.includes('will')) return undefined;
		const { topic, payload } = this.#options.will;
		// A string works, despite the type (mqtt-packet, generate.js).
		return { topic, payload: payload as unknown as Buffer, qos: 1, retain: !this.#without.includes('retain') };
	}

	async #leave(client: MqttClient): Promise<void> {
		const isConnected = client.connected;
		// The broker may be gone by now, which does not matter.
		if (isConnected) this.publish(this.#options.will).catch(() => undefined);
		await client.endAsync(!isConnected);
	}
}

/** Null if `signal` aborts first. Retries, as the server may be unreachable at the moment. */
async function loadMqtt(signal: AbortSignal, retryMs: number): Promise<typeof mqtt | null> {
	const isOver = () => signal.aborted;
	while (!isOver()) {
		try {
			const { default: client } = await import('mqtt');
			return isOver() ? null : client;
		} catch (error) {
			console.info('The MQTT client could not be loaded yet.', error);
			await new Promise((resolve) => setTimeout(resolve, retryMs));
		}
	}
	return null;
}
