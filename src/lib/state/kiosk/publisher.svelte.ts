/** Sends each minute of the log to an MQTT broker; keeps what it could not send, and sends it later. */
import type { Login } from '../../sources/request';
import { BrokerLink } from './broker-link.svelte';
import { type CommandAnswer } from './commands';
import { mergeMinutes, MINUTE_MS, type MinuteRecord } from './minutes';
import {
	answerMessage,
	commandTopic,
	type Diagnostics,
	diagnosticsMessage,
	discoveryMessage,
	discoveryTopic,
	isLater,
	minuteMessage,
	type MqttMessage,
	type MqttSettings,
	noMinuteMessage,
	occupancyMessage,
	type Presence,
	presenceTopic,
	readPresence,
	statusMessage
} from './mqtt';
import { Facts } from './facts';
import { keepUnsent, readUnsent } from './unsent';

/** What was announced to Home Assistant from this browser, and under which prefix. */
const ANNOUNCED_KEY = 'mien.kiosk.announced ';
/** How often it announces its presence, to be told apart from a kiosk that went away. */
const PRESENCE_EVERY_MS = 30_000;
/** Another kiosk that said nothing for this long is gone. */
const PRESENCE_LIMIT_MS = 100_000;
/** Most minutes that wait: a day's worth. */
const MOST_UNSENT = 1440;
/** Minutes further ahead than this were counted by a wrong clock, and their time may be years away. */
const SOON_MS = 60 * MINUTE_MS;

export interface PublisherOptions {
	readonly settings: MqttSettings;
	readonly login: () => Login | null;
	/** Null keeps what waits in memory only. */
	readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | null;
	/** Milliseconds since 1970. */
	readonly now: () => number;
	/** Obeys a command, or says why not. */
	readonly onCommand?: (text: string) => CommandAnswer;
	readonly retryMs?: number;
	readonly confirmLimitMs?: number;
	readonly presenceEveryMs?: number;
}

export class Publisher {
	/** Number of minutes that are over and not yet sent. */
	unsent = $state(0);
	/** Oldest first; the last may still be under way. */
	#queue: readonly MinuteRecord[] = [];
	#labels: readonly string[] | null = null;
	readonly #facts = new Facts();
	#answers: readonly MqttMessage[] = [];
	#sending: Promise<void> | null = null;
	/** Whether this page may change what waits in this browser; otherwise another page may have its turn. */
	#hasTurn = false;
	/** Whether the broker still holds a minute that was erased. */
	#mustClear = false;
	readonly #own: Presence;
	/** Another kiosk with the same topic, and when it was last heard of. */
	#other: { readonly presence: Presence; readonly heardMs: number } | null = $state.raw(null);
	readonly #link: BrokerLink;
	readonly #options: PublisherOptions;

	constructor(options: PublisherOptions) {
		this.#options = options;
		const { settings, login, retryMs, confirmLimitMs } = options;
		this.#own = { kiosk: randomId(), sinceMs: options.now() };
		const offline = statusMessage(settings, 'offline');
		this.#facts.set({ topic: presenceTopic(settings), payload: JSON.stringify(this.#own) });
		this.#link = new BrokerLink({
			url: settings.url,
			login,
			will: offline,
			topics: [offline.topic, presenceTopic(settings), commandTopic(settings)],
			onConnect: () => {
				this.#facts.retellAll();
				return this.#send();
			},
			onMessage: (topic, payload, retained) => this.#hear(topic, payload, retained),
			...(retryMs === undefined ? {} : { retryMs }),
			...(confirmLimitMs === undefined ? {} : { confirmLimitMs })
		});
	}

	/** Whether another kiosk uses this topic, and which of the two is therefore silent. */
	get conflict(): 'none' | 'other-is-silent' | 'silent' {
		if (this.#other === null) return 'none';
		return isLater(this.#own, this.#other.presence) ? 'silent' : 'other-is-silent';
	}

	get link(): BrokerLink['state'] {
		return this.#link.state;
	}

	/** What the broker does not do, in words. */
	get limits(): readonly string[] {
		return this.#link.limits;
	}

	/**
	 * Sends what waits, including what is left from before, and what comes. Connects, and reconnects whenever the
	 * connection is lost, until `signal` aborts. Resolves once disconnected.
	 */
	async run(signal: AbortSignal): Promise<void> {
		const { settings, storage } = this.#options;
		// Since this page's last turn, another page may have sent some and left others.
		this.#hasTurn = true;
		if (storage !== null) this.#setQueue(mergeMinutes([...readUnsent(storage, settings.topic), ...this.#queue]));
		const { now, presenceEveryMs = PRESENCE_EVERY_MS } = this.#options;
		const timer = setInterval(() => {
			const limitMs = (PRESENCE_LIMIT_MS / PRESENCE_EVERY_MS) * presenceEveryMs;
			// If the clock jumps, in either direction, the other one is dropped; it will soon be heard again.
			if (this.#other !== null && Math.abs(now() - this.#other.heardMs) > limitMs) this.#other = null;
			this.#facts.retell(presenceTopic(settings));
			void this.#send();
		}, presenceEveryMs);
		await this.#link.run(signal);
		clearInterval(timer);
		this.#hasTurn = false;
		// They are stored in this browser, for whichever page comes next.
		if (storage !== null) this.#setQueue([]);
	}

	/** Sets the labels; nothing is sent before this. */
	describe(labels: readonly string[]): void {
		this.#labels = labels;
		const { settings, storage } = this.#options;
		const message = discoveryMessage(settings, labels);
		const key = ANNOUNCED_KEY + settings.topic;
		const before = storage?.getItem(key) ?? null;
		if (message !== null) {
			this.#facts.set(message);
			try {
				storage?.setItem(key, settings.discovery ?? '');
			} catch (error) {
				// A full disk.
				console.warn('It will not be known that this device was announced.', error);
			}
		}
		// Take back what was announced under another prefix, or before announcing was switched off.
		if (before !== null && before !== settings.discovery) {
			this.#facts.set({ topic: discoveryTopic(before, settings.topic), payload: '' });
			if (message === null) storage?.removeItem(key);
		}
		if (this.#facts.get(statusMessage(settings, 'online').topic) === undefined) this.alive(true);
		void this.#send();
	}

	/** Whether a face is in view, or was until a moment ago. */
	occupancy(isOccupied: boolean): void {
		this.#facts.set(occupancyMessage(this.#options.settings, isOccupied));
		void this.#send();
	}

	/** How the kiosk runs. Call it regularly: what is not updated for three minutes counts as unavailable. */
	diagnose(diagnostics: Diagnostics): void {
		const message = diagnosticsMessage(this.#options.settings, diagnostics);
		this.#facts.set(message);
		// Sent even if the figures are the same; so is whether somebody is still there.
		this.#facts.retell(message.topic);
		this.#facts.retell(occupancyMessage(this.#options.settings, true).topic);
		void this.#send();
	}

	/** Whether pictures are analysed: a kiosk that hangs is not available, although its connection lives. */
	alive(isAlive: boolean): void {
		this.#facts.set(statusMessage(this.#options.settings, isAlive ? 'online' : 'offline'));
		void this.#send();
	}

	/** Takes part of a minute; each minute is sent as a whole once it is over. */
	add(record: MinuteRecord): void {
		this.#setQueue(mergeMinutes([...this.#queue, record]).slice(-MOST_UNSENT));
		this.#keep();
		void this.#send();
	}

	/** Forgets what waits, and has the broker forget the last minute, which it retains for later subscribers. */
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

	#hear(topic: string, payload: string, retained: boolean): void {
		const { settings, onCommand, now } = this.#options;
		if (topic === statusMessage(settings, 'offline').topic) {
			// The last will of a connection that died silently may arrive long after we are back.
			if (payload === this.#facts.get(topic) || this.conflict === 'silent') return;
			this.#facts.retell(topic);
		} else if (topic === presenceTopic(settings)) {
			const presence = readPresence(payload);
			if (presence === null || presence.kiosk === this.#own.kiosk) return;
			const isNews = this.#other === null;
			this.#other = { presence, heardMs: now() };
			// Let it know of us at once.
			if (isNews) this.#facts.retell(topic);
		} else if (topic === commandTopic(settings)) {
			// A retained command would be obeyed at every start: an endless series of reloads.
			if (retained || onCommand === undefined || this.conflict === 'silent') return;
			this.#answers = [...this.#answers, answerMessage(settings, onCommand(payload))].slice(-20);
		}
		void this.#send();
	}

	/** The next message to send other than a minute; null if there is none. */
	#news(): { message: MqttMessage; retain: boolean; sent: () => void } | null {
		const { settings } = this.#options;
		const isSilent = this.conflict === 'silent';
		const presence = presenceTopic(settings);
		const message = this.#facts.next((topic) => !isSilent || topic === presence);
		if (message !== null) {
			return { message, retain: message.topic !== presence, sent: () => this.#facts.told(message) };
		}
		const [answer] = this.#answers;
		if (answer === undefined || isSilent) return null;
		const sent = () => (this.#answers = this.#answers.filter((each) => each !== answer));
		return { message: answer, retain: false, sent };
	}

	/** Sends our presence and state, then every waiting minute in order, one at a time, while the connection lasts. */
	async #sendAll(): Promise<void> {
		const { settings } = this.#options;
		const link = this.#link;
		// Let `#send` set `#sending` first, so that further calls find it running.
		await Promise.resolve();
		try {
			while (link.connected && this.#labels !== null) {
				const labels = this.#labels;
				const news = this.#news();
				if (news !== null) {
					await link.publish(news.message, news.retain);
					news.sent();
					continue;
				}
				if (this.conflict === 'silent') break;
				if (this.#mustClear) {
					await link.publish(noMinuteMessage(settings));
					this.#mustClear = false;
				}
				const [record] = this.#over();
				if (record === undefined) break;
				await link.publish(minuteMessage(settings, record, labels));
				// A minute that was added to in the meantime, as the clock was set back, is another record.
				this.#setQueue(this.#queue.filter((each) => each !== record));
			}
		} catch (error) {
			console.info('A minute could not be sent yet.', error);
		} finally {
			this.#sending = null;
			// Not after each: a day's minutes are a lot to write, and sending some twice does no harm.
			this.#keep();
		}
	}

	/** Minutes that are over, or more than an hour ahead. Nearer ones, from a clock since set back, come again. */
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
		if (storage !== null && this.#hasTurn) keepUnsent(storage, settings.topic, this.#queue);
	}
}

/** Unique to this page; not every page may use crypto.randomUUID. */
function randomId(): string {
	return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
