/** Sends each minute of the log to an MQTT broker; keeps what it could not send, and sends it later. */
import type { Login } from '../../sources/request';
import { BrokerLink } from './broker-link.svelte';
import { mergeMinutes, MINUTE_MS, type MinuteRecord } from './minutes';
import { discoveryMessages, minuteMessage, type MqttSettings, noMinuteMessage, statusMessage } from './mqtt';
import { keepUnsent, readUnsent } from './unsent';

/** Of minutes that wait: a day. */
const MOST_UNSENT = 1440;
/** Minutes later than this were counted by a clock that was wrong, and their time may be years away. */
const SOON_MS = 60 * MINUTE_MS;

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
	/** Minutes that are over and were not yet sent. */
	unsent = $state(0);
	/** Oldest first; the last may still be under way. */
	#queue: readonly MinuteRecord[] = [];
	#labels: readonly string[] | null = null;
	/** Whether this connection's broker knows who we are. */
	#isAnnounced = false;
	#sending: Promise<void> | null = null;
	/** Whether the broker still holds a minute that was erased. */
	#mustClear = false;
	readonly #link: BrokerLink;
	readonly #options: PublisherOptions;

	constructor(options: PublisherOptions) {
		this.#options = options;
		const { settings, login, retryMs } = options;
		const offline = statusMessage(settings, 'offline');
		this.#link = new BrokerLink({
			url: settings.url,
			login,
			will: offline,
			topics: [offline.topic],
			onConnect: () => {
				this.#isAnnounced = false;
				return this.#send();
			},
			onMessage: (_, said) => {
				// The last will of a connection that died silently comes when we are long here again.
				if (said !== offline.payload) return;
				this.#isAnnounced = false;
				void this.#send();
			},
			...(retryMs === undefined ? {} : { retryMs })
		});
	}

	get link(): BrokerLink['state'] {
		return this.#link.state;
	}

	/** What the broker does not do, in words. */
	get limits(): readonly string[] {
		return this.#link.limits;
	}

	/**
	 * Sends what waits, here and from before, and what comes: connects, and again whenever the connection is lost, until
	 * `signal` aborts. Resolves when it has left.
	 */
	async run(signal: AbortSignal): Promise<void> {
		const { settings, storage } = this.#options;
		// Since this page last had its turn, another one may have sent some, and left others.
		if (storage !== null) this.#setQueue(readUnsent(storage, settings.topic));
		await this.#link.run(signal);
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

	#send(): Promise<void> {
		this.#sending ??= this.#sendAll();
		return this.#sending;
	}

	/** Says who we are, then everything that waits, in order, one at a time, as long as the connection lasts. */
	async #sendAll(): Promise<void> {
		const { settings } = this.#options;
		const link = this.#link;
		// Whoever asks again while this begins is to find it under way.
		await Promise.resolve();
		try {
			while (link.connected && this.#labels !== null) {
				const labels = this.#labels;
				if (!this.#isAnnounced) {
					this.#isAnnounced = true;
					for (const each of discoveryMessages(settings, labels)) await link.publish(each);
					await link.publish(statusMessage(settings, 'online'));
					continue;
				}
				if (this.#mustClear) {
					await link.publish(noMinuteMessage(settings));
					this.#mustClear = false;
				}
				const [record] = this.#over();
				if (record === undefined) break;
				await link.publish(minuteMessage(settings, record, labels));
				// One that was added to meanwhile, by a clock that was set back, is another record.
				this.#setQueue(this.#queue.filter((each) => each !== record));
			}
		} catch (error) {
			console.info('A minute could not be sent yet.', error);
		} finally {
			this.#sending = null;
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
