/** Where small things are stored in this browser. */

/** For a browser that stores nothing: gone with the page. */
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

/** localStorage, or, if the browser blocks it, a storage that is gone with the page. */
export function localStore(): Storage {
	try {
		return localStorage;
	} catch {
		return inMemory;
	}
}
