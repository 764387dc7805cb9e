/** Pasted addresses that browsers cannot play directly, and the commands that make them playable. */

export interface Bridge {
	readonly kind: 'rtsp' | 'http';
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
	const text = hostOf(pasted) === null ? pasted.trim() : `http://${pasted.trim()}`;
	if (!/^(rtsps?|https?):\/\//i.test(text) || !URL.canParse(text)) return null;
	const url = new URL(text);
	if (url.host === '') return null;
	const hadLogin = url.username !== '' || url.password !== '';
	url.username = '';
	url.password = '';
	const scheme = `${url.protocol}//`;
	const login = hadLogin ? 'NAME:PASSWORD@' : '';
	const rest = url.href.slice(scheme.length);
	if (url.protocol.startsWith('rtsp')) {
		const config = JSON.stringify({ streams: { camera: `${scheme}${login}${rest}` } });
		return {
			kind: 'rtsp',
			commands: [`go2rtc -config ${quoted(config)}`, `npm start -- --host --proxy /camera=${GO2RTC}`],
			source: { kind: 'gateway', rest: '/camera?src=camera' },
			hadLogin
		};
	}
	if (allowed.includes(url.origin)) return null;
	return {
		kind: 'http',
		commands: [`npm start -- --host --proxy ${quoted(`/camera=${scheme}${login}${url.host}`)}`],
		source: { kind, rest: `/camera${url.pathname}${url.search}` },
		hadLogin
	};
}

/**
 * The host at the start of an address that lacks its "http://", with its login and port if any: "192.168.1.5" of
 * "192.168.1.5/video", "NAME:PASSWORD@camera.lan:8080". Null for paths, file names and complete addresses.
 */
export function hostOf(pasted: string): string | null {
	return /^(?:[^\s/@]*@)?(?:(?:[\w-]+\.)+[\w-]+(?=\/)|[\w.-]+:\d+(?=\/|$))[^\s/]*/.exec(pasted.trim())?.[0] ?? null;
}

/** Quoted for a shell, if it needs to be. */
function quoted(text: string): string {
	return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
