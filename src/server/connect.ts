/** Connections to cameras: within a time limit, and by TLS only with a valid or a trusted certificate. */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

const CONNECT_LIMIT_MS = 10_000;
/** A camera that loses power just falls silent, so the system probes it now and then. */
const KEEP_ALIVE_MS = 30_000;

/** Says in a sentence why there is no connection and what to do. */
export class ConnectError extends Error {
	readonly timedOut: boolean;

	constructor(message: string, timedOut = false) {
		super(message);
		this.timedOut = timedOut;
	}
}

const REASONS: Readonly<Record<string, string>> = {
	ECONNREFUSED: 'nothing listens there (connection refused): is it switched on, and is the port right?',
	ENOTFOUND: 'its name is not known here (no address found): write its IP address instead',
	EAI_AGAIN: 'its name could not be looked up: write its IP address instead',
	EHOSTUNREACH: 'this network has no route to it (host unreachable)',
	ENETUNREACH: 'this network has no route to it (network unreachable)',
	EHOSTDOWN: 'it does not answer in this network (host is down)',
	ECONNRESET: 'it closed the connection',
	EPIPE: 'it closed the connection',
	ETIMEDOUT: 'it does not answer (connection timed out)'
};

/** Describes a connection error in one sentence. */
export function reasonOf(error: unknown): string {
	const { code = '', message } = error as NodeJS.ErrnoException;
	const known = REASONS[code];
	if (known !== undefined) return known;
	if (/wrong version number|packet length too long|http request/i.test(message)) {
		return 'it does not speak TLS there: write http:// instead of https://';
	}
	if (code.startsWith('ERR_SSL') || code === 'EPROTO') {
		return `no secure connection was made: ${message.replace(/^.*?:SSL routines:[^:]*:/, '').replace(/:.*$/s, '')}`;
	}
	return message;
}

/** What is wrong with a certificate, in words. */
const CERTIFICATE_FAULTS: Readonly<Record<string, string>> = {
	DEPTH_ZERO_SELF_SIGNED_CERT: 'is self-signed',
	SELF_SIGNED_CERT_IN_CHAIN: 'comes from an authority that is not known here',
	UNABLE_TO_GET_ISSUER_CERT: 'comes from an authority that is not known here',
	UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'comes from an authority that is not known here',
	UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'comes from an authority that is not known here',
	CERT_HAS_EXPIRED: 'has expired',
	CERT_NOT_YET_VALID: 'is not valid yet: is the clock right?',
	ERR_TLS_CERT_ALTNAME_INVALID: 'is for another name'
};

/** A SHA-256 fingerprint in any usual notation, as 64 hexadecimal digits; null if it is not one. */
export function readFingerprint(text: string): string | null {
	const digits = text
		.replace(/^sha-?256[:=/ ]*/i, '')
		.replace(/[:\s]/g, '')
		.toLowerCase();
	return /^[\da-f]{64}$/.test(digits) ? digits : null;
}

export interface Destination {
	/** http: or https:. */
	readonly url: URL;
	/** Its name in --trust. */
	readonly path: string;
	/** Fingerprints, as from `readFingerprint`, of certificates trusted in addition to those of authorities. */
	readonly trusted: readonly string[];
}

/** Opens a connection, ready for writing. Rejects with ConnectError, or an error for `reasonOf`. */
export function openConnection({ url, path, trusted }: Destination, signal: AbortSignal): Promise<Socket> {
	const host = url.hostname.replace(/^\[|\]$/g, '');
	const secure = url.protocol === 'https:';
	const port = Number(url.port) || (secure ? 443 : 80);
	return new Promise((resolve, reject) => {
		// The certificate is checked below, before anything is sent, so that the error can say what is wrong with it.
		const tls = secure
			? connectTls({ host, port, rejectUnauthorized: false, ...(isIP(host) === 0 ? { servername: host } : {}) })
			: null;
		const socket = tls ?? connectTcp({ host, port });
		const fail = (error: Error) => {
			clearTimeout(timer);
			socket.destroy();
			reject(error);
		};
		const timer = setTimeout(() => {
			fail(new ConnectError(`it does not answer (no connection within ${CONNECT_LIMIT_MS / 1000} s)`, true));
		}, CONNECT_LIMIT_MS);
		const abort = () => fail(new ConnectError('nobody is waiting for it any more'));
		signal.addEventListener('abort', abort, { once: true });
		socket.once('error', fail);
		socket.once('close', () => fail(new ConnectError('it closed the connection')));
		socket.once(secure ? 'secureConnect' : 'connect', () => {
			if (tls !== null && !tls.authorized) {
				const { fingerprint256 = '', subject } = tls.getPeerCertificate() as Partial<
					ReturnType<typeof tls.getPeerCertificate>
				>;
				const found = readFingerprint(fingerprint256);
				if (found === null || !trusted.includes(found)) {
					const code = String(
						(tls.authorizationError as unknown as NodeJS.ErrnoException | null)?.code ?? tls.authorizationError
					);
					const fault = CERTIFICATE_FAULTS[code] ?? `cannot be trusted (${code})`;
					const name = subject?.CN === undefined ? '' : ` of "${String(subject.CN).replace(/[^\x20-\x7e]/g, '')}"`;
					const other =
						trusted.length > 0 && found !== null
							? ' It is not the one that is trusted here: was the camera changed?'
							: '';
					fail(
						new ConnectError(
							`its certificate${name} ${fault}.${other} If this is your camera, trust this certificate: --trust ${path}=${fingerprint256}`
						)
					);
					return;
				}
			}
			clearTimeout(timer);
			signal.removeEventListener('abort', abort);
			socket.removeAllListeners('error').removeAllListeners('close');
			// The receiver adds its own listener, but perhaps a moment later.
			socket.on('error', () => undefined);
			socket.setNoDelay(true);
			socket.setKeepAlive(true, KEEP_ALIVE_MS);
			resolve(socket);
		});
	});
}
