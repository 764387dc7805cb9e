/** Pasted addresses that browsers cannot play directly, and the commands that make them playable. */

export interface Bridge {
	/** What go2rtc translates, or another host. */
	readonly kind: 'translated' | 'http';
	/** "RTSP", "HTTPS". */
	readonly protocol: string;
	/** To be run in this order; a name and password are replaced by placeholders. */
	readonly commands: readonly string[];
	/** The kiosk's source once they run. */
	readonly source: {
		readonly kind: 'gateway' | 'mjpeg' | 'snapshot' | 'hls' | 'whep' | 'video';
		readonly rest: string;
	};
	/** Whether the address held a name and password, before its host or in its query: they go into the command. */
	readonly hadLogin: boolean;
}

/** Parameters of cameras' addresses by which they know who asks. */
const SECRETS = /^(pass(word|wd)?|pwd?|login_?pas|auth|token|(api|access)_?(key|token)|_?sid)$/i;
const NAMES = /^(user(name)?|usr|login_?use|account)$/i;

type StreamKind = Exclude<Bridge['source']['kind'], 'gateway'>;

/** Where go2rtc serves its pages and streams. */
const GO2RTC = 'http://127.0.0.1:1984';

/**
 * What to do about a pasted address; null if it plays as it is, or is not an address. `allowed`: origins that the page
 * may talk to, including its own; `kind`: what was chosen, for http addresses.
 */
export function bridgeOf(pasted: string, kind: StreamKind, allowed: readonly string[]): Bridge | null {
	// As in mails and manuals.
	const bare = pasted.trim().replace(/^["'<\s]+|["'>\s]+$/g, '');
	const text = hostOf(bare) === null ? bare : `http://${bare}`;
	const [, written = '', whole = ''] = /^(rtsp[sx]?|rtmps?|https?):[\s/\\]*(.*)$/is.exec(text) ?? [];
	const { rest: address, hadLogin } = withoutLogin(whole);
	if (address === '' || !URL.canParse(`${written}://${address}`)) return null;
	const url = new URL(`${written}://${address}`);
	if (url.searchParams.has('enableSrtp')) {
		// UniFi's, which go2rtc takes like this (its README, "Source: RTSP").
		url.protocol = 'rtspx:';
		url.searchParams.delete('enableSrtp');
	}
	const scheme = `${url.protocol}//`;
	const protocol = url.protocol.slice(0, -1).toUpperCase();
	const login = hadLogin ? 'NAME:PASSWORD@' : '';
	const rest = url.href.slice(scheme.length);
	if (!url.protocol.startsWith('http')) {
		const config = JSON.stringify({ streams: { camera: `${scheme}${login}${rest}` } });
		return {
			kind: 'translated',
			protocol,
			commands: [`go2rtc -config ${quoted(config)}`, `npm start -- --host --proxy /camera=${GO2RTC}`],
			source: { kind: 'gateway', rest: '/camera?src=camera' },
			hadLogin
		};
	}
	if (allowed.includes(url.origin)) return null;
	const { kept, login: query } = splitQuery(url.search);
	return {
		kind: 'http',
		protocol,
		commands: [`npm start -- --host --proxy ${quoted(`/camera=${scheme}${login}${url.host}${query}`)}`],
		source: { kind, rest: `/camera${url.pathname}${kept}` },
		hadLogin: hadLogin || query !== ''
	};
}

/** Whether the query of a source's address holds a password, which anybody with the kiosk's link then has. */
export function tellsPassword(address: string): boolean {
	return splitQuery(/\?[^#]*/.exec(address)?.[0] ?? '').login !== '';
}

/** A query without a name and password, and these with placeholders; each with its "?", or empty. */
function splitQuery(search: string): { kept: string; login: string } {
	const parts = search
		.slice(1)
		.split('&')
		.map((part) => ({ part, name: [...new URLSearchParams(part).keys()][0] ?? '' }));
	if (!parts.some(({ name }) => SECRETS.test(name))) return { kept: search, login: '' };
	const isLogin = (name: string): boolean => SECRETS.test(name) || NAMES.test(name);
	const joined = (all: readonly string[]): string => (all.length === 0 ? '' : `?${all.join('&')}`);
	return {
		kept: joined(parts.filter(({ name }) => !isLogin(name)).map(({ part }) => part)),
		login: joined(
			parts.filter(({ name }) => isLogin(name)).map(({ name }) => `${name}=${SECRETS.test(name) ? 'PASSWORD' : 'NAME'}`)
		)
	};
}

/**
 * An address after its "//", without name and password. These end with an "@" before any "/", "?" or "#". But people
 * write those characters in passwords as they are: then they end with the last "@" before a host.
 */
function withoutLogin(whole: string): { rest: string; hadLogin: boolean } {
	const strict = /^(?:[^/?#]*@)?/.exec(whole)?.[0] ?? '';
	// "admin:1#23@10.0.0.20" would have host "admin" and port 1.
	const isStrict = URL.canParse(`http://${whole.slice(strict.length)}`) && !/^[\w-]+:\d+[?#].*@/.test(whole);
	const loose = /^[^:/?#]+:.*@(?=(?:[\w.-]+|\[[\da-f:.]+\])(?::\d+)?(?:[/?#]|$))/i.exec(whole)?.[0] ?? strict;
	const login = isStrict ? strict : loose;
	return { rest: whole.slice(login.length), hadLogin: login !== '' };
}

/**
 * The host at the start of an address that lacks its "http://", with its login and port if any: "192.168.1.5" of
 * "192.168.1.5/video", "NAME:PASSWORD@camera.lan:8080". Null for paths, file names and complete addresses.
 */
export function hostOf(pasted: string): string | null {
	const name = String.raw`(?:[\w-]+\.)+[\w-]+(?=/)|[\w.-]+:\d+(?=[/?]|$)`;
	const number = String.raw`(?:\d{1,3}(?:\.\d{1,3}){3}|\[[\da-f:.]+\])(?::\d+)?(?=[/?]|$)`;
	return new RegExp(`^(?:[^\\s/@]*@)?(?:${name}|${number})`, 'i').exec(pasted.trim())?.[0] ?? null;
}

/** Quoted for a shell, if it needs to be. */
function quoted(text: string): string {
	return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
