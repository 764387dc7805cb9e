/** Sends each minute of the log to an MQTT broker, over WebSocket; keeps what it could not send, and sends it later. */
import type mqtt from 'mqtt';
import type { MqttClient } from 'mqtt';
import type { Login } from '../../sources/request';
import { mergeMinutes, MINUTE_MS, type MinuteRecord } from './minutes';
import {
	discoveryMessages,
	minuteMessage,
	type MqttMessage,
	type MqttSettings,
	noMinuteMessage,
	statusMessage
} from './mqtt';
import { keepUnsent, readUnsent } from './unsent';

/** Of minutes that wait: a day. */
const MOST_UNSENT = 1440;
/** Minutes later than this were counted by a clock that was wrong, and their time may be years away. */
const SOON_MS = 60 * MINUTE_MS;
const RETRY_MS = 3000;
const CONNECT_LIMIT_MS = 10_000;
/** Seconds; a connection that died silently is found out within one and a half times as long. */
const KEEP_ALIVE_S = 20;
/** A broker's words for a login that is wrong or missing (MQTT 3.1.1, section 3.2.2.3). */
const REFUSALS: readonly unknown[] = [4, 5];
/** Delivered at least once, and there for those who ask later. */
const DELIVERY = { qos: 1, retain: true } as const;

export interface PublisherOptions {
	readonly settings: MqttSettings;
	readonly login: Login | null;
	/** Null keeps what waits in memory alone. */
	readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | null;
	/** Milliseconds since 1970. */
	readonly now: () => number;
	readonly retryMs?: number;
}

export class Publisher {
	link: 'connecting' | 'connected' | 'away' | 'refused' = $state('connecting');
	/** Minutes that are over and were not yet sent. */
	unsent = $state(0);
	/** Oldest first; the last may still be under way. */
	#queue: readonly MinuteRecord[] = [];
	#client: MqttClient | null = null;
	#labels: readonly string[] | null = null;
	/** Whether this connection's broker knows who we are. */
	#isAnnounced = false;
	#isSending = false;
	/** Whether the broker still holds a minute that was erased. */
	#mustClear = false;
	readonly #options: PublisherOptions;

	constructor(options: PublisherOptions) {
		this.#options = options;
	}

	/**
	 * Sends what waits, here and from before, and what comes: connects, and again whenever the connection is lost, until
	 * `signal` aborts. Resolves when it has left.
	 */
	async run(signal: AbortSignal): Promise<void> {
		const { settings, login, storage, retryMs = RETRY_MS } = this.#options;
		// Since this page last had its turn, another one may have sent some, and left others.
		if (storage !== null) this.#setQueue(readUnsent(storage, settings.topic));
		const library = await loadMqtt(signal, retryMs);
		if (library === null) return;
		const offline = statusMessage(settings, 'offline');
		const { topic, payload } = offline;
		const client = library.connect(settings.url, {
			...(login === null ? {} : { username: login.user, password: login.password }),
			will: { topic, payload, ...DELIVERY },
			reconnectPeriod: retryMs,
			reconnectOnConnackError: true,
			connectTimeout: CONNECT_LIMIT_MS,
			keepalive: KEEP_ALIVE_S,
			// The other kind comes from a blob address, which the security policy of the page forbids.
			timerVariant: 'native'
		});
		this.#client = client;
		client.on('connect', () => {
			this.link = 'connected';
			this.#isAnnounced = false;
			// A broker that does not let us read takes what we send all the same.
			client.subscribe(topic, { qos: 1 });
			void this.#send();
		});
		client.on('message', (_, said) => {
			// The last will of a connection that died silently comes when we are long here again.
			if (said.toString() !== offline.payload) return;
			this.#isAnnounced = false;
			void this.#send();
		});
		client.on('close', () => {
			if (this.link !== 'refused') this.link = 'away';
		});
		client.on('error', (error) => {
			this.link = 'code' in error && REFUSALS.includes(error.code) ? 'refused' : 'away';
			console.info(`The broker at ${settings.url}: ${error.message}`);
		});
		await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
		await this.#leave(client);
	}

	/** Tells which labels there are; nothing is sent before. */
	describe(labels: readonly string[]): void {
		this.#labels = labels;
		this.#isAnnounced = false;
		void this.#send();
	}

	/** Takes a part of a minute; each is sent as one, once it is over. */
	add(record: MinuteRecord): void {
		this.#setQueue(mergeMinutes([...this.#queue, record]).slice(-MOST_UNSENT));
		this.#keep();
		void this.#send();
	}

	/** Forgets what waits, and has the broker forget the last minute, which it keeps for those who ask later. */
	forget(): void {
		this.#setQueue([]);
		this.#keep();
		this.#mustClear = true;
		void this.#send();
	}

	async #leave(client: MqttClient): Promise<void> {
		this.#client = null;
		const isConnected = client.connected;
		// The broker may be gone by now, which is all the same to us.
		if (isConnected) deliver(client, statusMessage(this.#options.settings, 'offline')).catch(() => undefined);
		await client.endAsync(!isConnected);
		this.link = 'connecting';
	}

	/**
	 * Says who we are, then everything that waits, in order, one at a time. A message whose connection is lost goes out
	 * again with the next one, and only then is done.
	 */
	async #send(): Promise<void> {
		const client = this.#client;
		if (client === null || this.#isSending) return;
		const { settings } = this.#options;
		this.#isSending = true;
		try {
			while (client === this.#client && client.connected && this.#labels !== null) {
				const labels = this.#labels;
				if (!this.#isAnnounced) {
					this.#isAnnounced = true;
					for (const each of discoveryMessages(settings, labels)) await deliver(client, each);
					await deliver(client, statusMessage(settings, 'online'));
					continue;
				}
				if (this.#mustClear) {
					await deliver(client, noMinuteMessage(settings));
					this.#mustClear = false;
				}
				const [record] = this.#over();
				if (record === undefined) break;
				await deliver(client, minuteMessage(settings, record, labels));
				// One that was added to meanwhile, by a clock that was set back, is another record.
				this.#setQueue(this.#queue.filter((each) => each !== record));
			}
		} catch (error) {
			console.info('A minute could not be sent yet.', error);
		} finally {
			this.#isSending = false;
			// Not after each: a day's minutes are much to write, and those sent twice do no harm.
			this.#keep();
		}
	}

	/** Minutes that are not under way; not those soon to come, either, where a clock was set back: they come again. */
	#over(): readonly MinuteRecord[] {
		const nowMs = this.#options.now();
		return this.#queue.filter(({ minute }) => minute + MINUTE_MS <= nowMs || minute > nowMs + SOON_MS);
	}

	#setQueue(queue: readonly MinuteRecord[]): void {
		this.#queue = queue;
		this.unsent = this.#over().length;
	}

	#keep(): void {
		const { storage, settings } = this.#options;
		if (storage !== null) keepUnsent(storage, settings.topic, this.#queue);
	}
}

/** Resolves once the broker has it. */
async function deliver(client: MqttClient, { topic, payload }: MqttMessage): Promise<void> {
	await client.publishAsync(topic, payload, DELIVERY);
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
