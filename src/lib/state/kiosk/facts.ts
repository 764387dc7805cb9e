/** What a broker is to know now, a message a topic, and what it was told of it in this connection. */
import type { MqttMessage } from './mqtt';

export class Facts {
	readonly #facts = new Map<string, string>();
	readonly #told = new Map<string, string>();

	set({ topic, payload }: MqttMessage): void {
		this.#facts.set(topic, payload);
	}

	/** What the topic's message is now; undefined where there is none. */
	get(topic: string): string | undefined {
		return this.#facts.get(topic);
	}

	/** It is to be told of this topic once more, although nothing changed. */
	retell(topic: string): void {
		this.#told.delete(topic);
	}

	/** Another connection: nothing was told yet. */
	retellAll(): void {
		this.#told.clear();
	}

	/** The first, in the order in which topics came to be, that was not told as it is; null where all was. */
	next(matters: (topic: string) => boolean): MqttMessage | null {
		for (const [topic, payload] of this.#facts) {
			if (matters(topic) && this.#told.get(topic) !== payload) return { topic, payload };
		}
		return null;
	}

	told({ topic, payload }: MqttMessage): void {
		this.#told.set(topic, payload);
	}
}
