/** A connection to an MQTT broker over WebSocket that comes back by itself, and asks for less where a broker hangs up. */
import type mqtt from 'mqtt';
import type { IClientOptions, MqttClient } from 'mqtt';
import type { Login } from '../../sources/request';
import type { MqttMessage } from './mqtt';

const RETRY_MS = 3000;
const CONNECT_LIMIT_MS = 10_000;
/** Seconds; a connection that died silently is found out within one and a half times as long. */
const KEEP_ALIVE_S = 20;
/** A broker's words for a login that is wrong or missing (MQTT 3.1.1, section 3.2.2.3; MQTT 5, section 3.2.2.2). */
const REFUSALS: readonly unknown[] = [4, 5, 134, 135];
/** And for a version of the protocol that it does not know. */
const OTHER_VERSION: readonly unknown[] = [1, 132];
/** A broker that has not confirmed a message after this long does not confirm any. */
const CONFIRM_LIMIT_MS = 20_000;
/** So many connections that end at the same request are no accident. */
const ENDS = 2;

/** What a broker may hang up at, as AWS IoT does where its policy lacks a right: each is done without, one after another. */
type Wish = 'subscribe' | 'retain' | 'will' | 'confirm';
const WORDS: Readonly<Record<Wish, string>> = {
	subscribe: 'does not let this page subscribe',
	retain: 'keeps no retained messages',
	will: 'takes no last will',
	confirm: 'confirms no messages, so that one may be lost'
};

export interface LinkOptions {
	readonly url: string;
	readonly login: Login | null;
	readonly will: MqttMessage;
	/** Topics to hear of; nothing depends on being let. */
	readonly topics: readonly string[];
	/** Called with each connection: what is sent first. Subscribed is after that. */
	readonly onConnect: () => Promise<void>;
	readonly onMessage: (topic: string, payload: string, retained: boolean) => void;
	readonly retryMs?: number;
	readonly confirmLimitMs?: number;
}

export class BrokerLink {
	state: 'connecting' | 'connected' | 'away' | 'refused' = $state('connecting');
	/** What this broker does not do, in words; empty where it does everything. */
	limits: readonly string[] = $state.raw([]);
	readonly #options: LinkOptions;
	#client: MqttClient | null = null;
	#without: readonly Wish[] = [];
	readonly #ends: Record<Wish, number> = { subscribe: 0, retain: 0, will: 0, confirm: 0 };
	/** Whether the connection ends as the broker did not confirm a message. */
	#isSilent = false;
	/** Of MQTT: 3.1.1, or 5 where the broker knows that alone. */
	#version: 4 | 5 = 4;
	/** How many ends at a last will it takes: twice as many each time that another reason was found. */
	#willEnds = ENDS;
	/** What the broker was asked for and has not answered. */
	#asked: readonly Wish[] = [];
	/** Rejects when the connection is lost. */
	#lost: Promise<never> = new Promise<never>(() => undefined);

	constructor(options: LinkOptions) {
		this.#options = options;
	}

	get connected(): boolean {
		return this.#client !== null;
	}

	/** Connects, and again whenever the connection is lost, until `signal` aborts. Resolves when it has left. */
	async run(signal: AbortSignal): Promise<void> {
		const { retryMs = RETRY_MS } = this.#options;
		const library = await loadMqtt(signal, retryMs);
		// Asked anew each time: it changes while others are waited for.
		const isOver = () => signal.aborted;
		while (library !== null && !isOver()) {
			await this.#connect(library, signal);
			if (!isOver()) await new Promise((resolve) => setTimeout(resolve, retryMs));
		}
		this.state = 'connecting';
	}

	/** Resolves once the broker has it; rejects where the connection is lost first. Kept for those who ask later, where `retain`. */
	async publish({ topic, payload }: MqttMessage, retain = true): Promise<void> {
		const client = this.#client;
		if (client === null) throw new Error('there is no connection');
		const isRetained = retain && !this.#without.includes('retain');
		const isConfirmed = !this.#without.includes('confirm');
		const wish = isRetained ? 'retain' : isConfirmed ? 'confirm' : null;
		if (wish !== null) this.#ask(wish);
		const { confirmLimitMs = CONFIRM_LIMIT_MS } = this.#options;
		const timer = setTimeout(() => {
			// Silence says nothing of what else is wished for.
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

	/** One connection, from its begin to its end. The library's own way back would repeat what this broker hangs up at. */
	async #connect(library: typeof mqtt, signal: AbortSignal): Promise<void> {
		const { url, login, onMessage } = this.#options;
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
			// A broker that is away ends a connection, too: it was asked for nothing before the transport is open.
			createWebsocket: (address, protocols) => {
				const socket = new WebSocket(address, protocols);
				socket.addEventListener('open', () => {
					stands.isOpen = true;
					if (will !== undefined) this.#ask('will');
				});
				return socket;
			},
			// The other kind comes from a blob address, which the security policy of the page forbids.
			timerVariant: 'native'
		});
		let lose: (error: Error) => void = () => undefined;
		this.#lost = new Promise<never>((_, reject) => (lose = reject));
		// Nobody may be waiting.
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
			// A login that is wrong, or a server that is away, is no wish that the broker hangs up at.
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
			// A broker that does not let us read takes what we send all the same.
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

	/** A connection ended. What it was asked for last may be why: the next ones do without. */
	#ended(): void {
		const [wish, ...others] = this.#asked;
		const isSilent = this.#isSilent;
		this.#asked = [];
		this.#isSilent = false;
		if (wish === undefined || others.length > 0 || ++this.#ends[wish] < (wish === 'will' ? this.#willEnds : ENDS))
			return;
		// Where nothing is confirmed it would never be found out whether it hangs up at retained messages, too.
		const isBoth = wish === 'confirm' && !isSilent && !this.#without.includes('retain');
		this.#without = [...this.#without, wish, ...(isBoth ? (['retain'] as const) : [])];
		this.limits = this.#without.map((each) => WORDS[each]);
		console.info(`The broker at ${this.#options.url} hung up ${this.#ends[wish]} times: it ${WORDS[wish]}, it seems.`);
	}

	/** The broker hangs up at a connection without a last will just the same: that was not the reason. */
	#acquitWill(): void {
		this.#without = this.#without.filter((each) => each !== 'will');
		this.limits = this.#without.map((each) => WORDS[each]);
		this.#ends.will = 0;
		this.#willEnds *= 2;
	}

	#will(): IClientOptions['will'] {
		if (this.#without.includes('will')) return undefined;
		const { topic, payload } = this.#options.will;
		// Text does, whatever its type says (mqtt-packet, generate.js).
		return { topic, payload: payload as unknown as Buffer, qos: 1, retain: !this.#without.includes('retain') };
	}

	async #leave(client: MqttClient): Promise<void> {
		const isConnected = client.connected;
		// The broker may be gone by now, which is all the same to us.
		if (isConnected) this.publish(this.#options.will).catch(() => undefined);
		await client.endAsync(!isConnected);
	}
}

/** Null where `signal` aborts first. The server may be away just now. */
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
