/** Names by which this machine is called, and who asks: pages of other sites stay out. */
import { hostname } from 'node:os';
import { isIP } from 'node:net';

/**
 * Ends of names that nobody on the internet can have (RFC 6762, RFC 8375, ICANN's .internal), and .lan, which routers
 * give: a page of another site cannot make one lead here.
 */
const OWN_NETWORK = /^[^.]+$|\.(local|lan|internal|localdomain|home\.arpa)$/;

export interface Hosts {
	/** Names given with --host. */
	readonly names: readonly string[];
	/** Whether the network is listened to, and not this machine alone. */
	readonly network: boolean;
}

/** The name in a Host header, in lower case, without port and brackets; empty where there is none. */
export function hostName(header: string | undefined): string {
	if (header === undefined || !/^[^/@?#\\\s]+$/.test(header) || !URL.canParse(`http://${header}`)) return '';
	return new URL(`http://${header}`).hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

/** Whether this machine is called so: a name of somebody else's may lead here. */
export function isOwnName(name: string, { names, network }: Hosts): boolean {
	if (name === '') return false;
	if (isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost') || names.includes(name)) return true;
	const machine = hostname().toLowerCase();
	return name === machine || name === `${machine}.local` || (network && OWN_NETWORK.test(name));
}

/** What of a request tells who asks. */
export interface Asking {
	readonly headers: {
		readonly origin?: string | undefined;
		readonly host?: string | undefined;
		readonly 'sec-fetch-site'?: string | string[] | undefined;
	};
}

/**
 * Whether a page of this site asks, or none: another site, open in a browser that reaches this machine, would use the
 * camera with its login. Behind another server, which may ask by an address, pages have a name given with --host.
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
 * Whether the browser would have said from where it asks: browsers say it on https and, by http, to this machine alone
 * (W3C Fetch Metadata). Elsewhere silence tells nothing, and a page's token has to.
 */
export function wouldSayOrigin({ headers }: Asking): boolean {
	if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined) return true;
	const name = hostName(headers.host);
	return name === 'localhost' || name.endsWith('.localhost') || name === '::1' || /^127\./.test(name);
}
