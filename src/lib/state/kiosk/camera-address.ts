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
	/** Whether the address held a name and password, which go into the command. */
	readonly hadLogin: boolean;
}

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
	return {
		kind: 'http',
		protocol,
		commands: [`npm start -- --host --proxy ${quoted(`/camera=${scheme}${login}${url.host}`)}`],
		source: { kind, rest: `/camera${url.pathname}${url.search}` },
		hadLogin
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
