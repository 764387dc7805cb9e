/** Where small things are kept in this browser. */

/** For a browser that keeps nothing: gone with the page. */
class MemoryStorage implements Storage {
	readonly #items = new Map<string, string>();
	[name: string]: unknown;

	get length(): number {
		return this.#items.size;
	}

	clear(): void {
		this.#items.clear();
	}

	getItem(key: string): string | null {
		return this.#items.get(key) ?? null;
	}

	key(index: number): string | null {
		return [...this.#items.keys()][index] ?? null;
	}

	removeItem(key: string): void {
		this.#items.delete(key);
	}

	setItem(key: string, value: string): void {
		this.#items.set(key, value);
	}
}

const inMemory = new MemoryStorage();

/** localStorage; where the browser blocks it, something that is gone with the page. */
export function localStore(): Storage {
	try {
		return localStorage;
	} catch {
		return inMemory;
	}
}
