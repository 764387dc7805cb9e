/** Names and passwords of cameras, by origin, kept only in this browser: never in an address, a log or an export. */
import type { Login } from '../../sources/request';

const STORAGE_KEY = 'mien.logins';

type LoginStorage = Pick<Storage, 'getItem' | 'setItem'>;

/** "http://camera.lan:1984" for an address of that host; logins are filed under it. */
export function loginOrigin(address: string): string {
	// URL finds no host in "turn:host:3478?transport=udp".
	if (/^turns?:/i.test(address)) return address.replace(/\?.*$/, '').toLowerCase();
	const { protocol, host } = new URL(address);
	return `${protocol}//${host}`;
}

/** The login for the origin of `address`; null if there is none. */
export function findLogin(storage: LoginStorage, address: string): Login | null {
	return readLogins(storage)[loginOrigin(address)] ?? null;
}

/** Stores the login for the origin of `address`; null removes it. */
export function keepLogin(storage: LoginStorage, address: string, login: Login | null): void {
	const origin = loginOrigin(address);
	const others = Object.entries(readLogins(storage)).filter(([name]) => name !== origin);
	const all = login === null ? others : [...others, [origin, login] as const];
	storage.setItem(STORAGE_KEY, JSON.stringify(Object.fromEntries(all)));
}

/** By origin. Damaged data counts as none. */
export function readLogins(storage: LoginStorage): Readonly<Record<string, Login>> {
	try {
		const stored: unknown = JSON.parse(storage.getItem(STORAGE_KEY) ?? '{}');
		if (typeof stored !== 'object' || stored === null) return {};
		return Object.fromEntries(
			Object.entries(stored).filter((entry): entry is [string, Login] => isLogin(entry[1] as unknown))
		);
	} catch {
		return {};
	}
}

function isLogin(value: unknown): value is Login {
	if (typeof value !== 'object' || value === null || !('user' in value) || !('password' in value)) return false;
	return typeof value.user === 'string' && typeof value.password === 'string';
}
