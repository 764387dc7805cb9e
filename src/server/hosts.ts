/** The names of this machine, and who sends a request: pages of other sites are kept out. */
import { hostname } from 'node:os';
import { isIP } from 'node:net';

/**
 * Endings of names that nobody on the internet can own (RFC 6762, RFC 8375, ICANN's .internal), and .lan, which routers
 * use: no page of another site can make such a name point here.
 */
const OWN_NETWORK = /^[^.]+$|\.(local|lan|internal|localdomain|home\.arpa)$/;

export interface Hosts {
	/** Names given with --host. */
	readonly names: readonly string[];
	/** Whether the server listens on the network, not only on this machine. */
	readonly network: boolean;
}

/** The name in a Host header, in lower case, without port and brackets; empty if there is none. */
export function hostName(header: string | undefined): string {
	if (header === undefined || !/^[^/@?#\\\s]+$/.test(header) || !URL.canParse(`http://${header}`)) return '';
	return new URL(`http://${header}`).hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

/** Whether this is a name of this machine: somebody else's name may point here too. */
export function isOwnName(name: string, { names, network }: Hosts): boolean {
	if (name === '') return false;
	if (isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost') || names.includes(name)) return true;
	const machine = hostname().toLowerCase();
	return name === machine || name === `${machine}.local` || (network && OWN_NETWORK.test(name));
}

/** The parts of a request that tell who sent it. */
export interface Asking {
	readonly headers: {
		readonly origin?: string | undefined;
		readonly host?: string | undefined;
		readonly 'sec-fetch-site'?: string | string[] | undefined;
	};
}

/**
 * Whether the request comes from a page of this site, or from no page: another site, open in a browser that reaches
 * this machine, could use the camera with its login. Behind another server, which may use an address, pages have a name
 * given with --host.
 */
export function isOfThisSite({ headers }: Asking, hosts: Hosts): boolean {
	const { origin, host } = headers;
	const from = headers['sec-fetch-site'];
	if (from !== undefined && from !== 'same-origin' && from !== 'none') return false;
	if (origin !== undefined) {
		if (!URL.canParse(origin)) return false;
		const url = new URL(origin);
		if (url.host !== host?.toLowerCase() && !hosts.names.includes(url.hostname)) return false;
	}
	return isOwnName(hostName(host), hosts);
}

/**
 * Whether the browser would have said where the request comes from: browsers do so on https and, over http, only to
 * this machine (W3C Fetch Metadata). Elsewhere silence tells nothing, so a page must show its token.
 */
export function wouldSayOrigin({ headers }: Asking): boolean {
	if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined) return true;
	const name = hostName(headers.host);
	return name === 'localhost' || name.endsWith('.localhost') || name === '::1' || /^127\./.test(name);
}
