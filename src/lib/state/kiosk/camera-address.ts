/** Addresses that people paste and browsers do not play as they are, and the commands that make them playable. */

export interface Bridge {
	readonly kind: 'rtsp' | 'http';
	/** To be run in turn; a name and password are left out. */
	readonly commands: readonly string[];
	/** What the kiosk's source is once they run. */
	readonly source: {
		readonly kind: 'gateway' | 'mjpeg' | 'snapshot' | 'hls' | 'whep' | 'video';
		readonly rest: string;
	};
	/** Whether the address held a name and password, which go into the command. */
	readonly hadLogin: boolean;
}

type StreamKind = Exclude<Bridge['source']['kind'], 'gateway'>;

/** go2rtc's port for its pages and streams. */
const GO2RTC = 'http://127.0.0.1:1984';

/**
 * What is to be done for an address as it was pasted; null where it is played as it is, or is none. `allowed`: origins
 * that the page may talk to, its own among them; `kind`: what was chosen, for addresses by http.
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
 * The host of another machine at the beginning of an address that lacks its "http://", with what else stands there:
 * "192.168.1.5/video", "NAME:PASSWORD@camera.lan:8080". Null for paths, files and addresses of any kind.
 */
export function hostOf(pasted: string): string | null {
	return /^(?:[^\s/@]*@)?(?:(?:[\w-]+\.)+[\w-]+(?=\/)|[\w.-]+:\d+(?=\/|$))[^\s/]*/.exec(pasted.trim())?.[0] ?? null;
}

/** For a shell: as it is where nothing in it means anything there. */
function quoted(text: string): string {
	return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
