/** What a broker should know now, one message per topic, and what it has been told over this connection. */
import type { MqttMessage } from './mqtt';

export class Facts {
	readonly #facts = new Map<string, string>();
	readonly #told = new Map<string, string>();

	set({ topic, payload }: MqttMessage): void {
		this.#facts.set(topic, payload);
	}

	/** The topic's current message; undefined if there is none. */
	get(topic: string): string | undefined {
		return this.#facts.get(topic);
	}

	/** Marks this topic to be told again, although nothing changed. */
	retell(topic: string): void {
		this.#told.delete(topic);
	}

	/** For a new connection, over which nothing was told yet. */
	retellAll(): void {
		this.#told.clear();
	}

	/** The first message that was not told in its current form, in the order topics were first set; null if none. */
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
