import { AppError, type ErrorCode } from '../errors';
import type { GrabbedFrame } from '../protocol';
import type { FrameSource } from './source';
import { VideoFrames } from './video-frames';

/** A camera, as remembered between visits: ids change when permissions are reset, labels rarely do. */
export interface CameraChoice {
	readonly id: string;
	readonly label: string;
}

/** A camera that is open but sends nothing for this long is in use elsewhere, or broken. */
const FIRST_FRAME_LIMIT_MS = 10_000;

/** The device for a remembered choice: by id, then by label; null if neither is there (then any will do). */
export function findCamera<Device extends { deviceId: string; label: string }>(
	devices: readonly Device[],
	choice: CameraChoice | null
): Device | null {
	if (choice === null) return null;
	return (
		devices.find((device) => device.deviceId !== '' && device.deviceId === choice.id) ??
		devices.find((device) => device.label !== '' && device.label === choice.label) ??
		null
	);
}

/**
 * The error to show for the DOMException that getUserMedia rejects with. `isAllowed`: whether this page has the
 * permission, in which case it must be the system that refuses; null if the browser does not tell.
 */
export function cameraErrorCode(
	{ name, message }: { name: string; message: string },
	isAllowed: boolean | null
): ErrorCode {
	switch (name) {
		case 'NotAllowedError':
		case 'SecurityError':
			return isAllowed === true || /by (the )?(system|os|operating system|platform)/i.test(message)
				? 'camera-off'
				: 'camera-denied';
		case 'NotFoundError':
		case 'OverconstrainedError':
			return 'camera-missing';
		default:
			return 'camera-busy';
	}
}

/** A camera of this device, played in its own video element. */
export class CameraSource implements FrameSource {
	readonly kind = 'camera';
	readonly live = true;
	readonly mirrored = true;
	onend: ((error: AppError) => void) | null = null;
	element: HTMLVideoElement | null = null;
	/** The camera that was actually opened, for the settings to remember. */
	opened: CameraChoice | null = null;
	#frames: VideoFrames | null = null;
	readonly #choice: CameraChoice | null;
	readonly #only: boolean;
	readonly #ended = new AbortController();

	get arrived(): number | undefined {
		return this.#frames?.count;
	}

	/** `choice`: the preferred camera; if it is null or gone, any camera is used, unless `only` is set. */
	constructor(choice: CameraChoice | null, only = false) {
		this.#choice = choice;
		this.#only = only;
	}

	async start(signal: AbortSignal): Promise<void> {
		// Despite its type, the property is missing outside secure contexts.
		if (!window.isSecureContext || !('mediaDevices' in navigator)) {
			throw new AppError('insecure-context', 'navigator.mediaDevices is not available');
		}
		const stream = await openStream(this.#choice, this.#only);
		const [track] = stream.getVideoTracks();
		if (signal.aborted || this.#ended.signal.aborted || track === undefined) {
			stopTracks(stream);
			signal.throwIfAborted();
			throw new AppError('camera-missing', 'the stream has no video track');
		}
		track.addEventListener('ended', () => {
			this.#end(new AppError('camera-lost', 'the video track ended'));
		});
		this.opened = { id: track.getSettings().deviceId ?? '', label: track.label };
		const video = document.createElement('video');
		video.muted = true;
		video.playsInline = true;
		video.srcObject = stream;
		this.element = video;
		try {
			await Promise.race([video.play(), rejectAfter(FIRST_FRAME_LIMIT_MS)]);
		} catch (thrown) {
			this.stop();
			signal.throwIfAborted();
			throw new AppError('camera-busy', 'the camera sends no pictures', thrown);
		}
		this.#frames = new VideoFrames(video, this.#ended.signal);
	}

	async grab(): Promise<GrabbedFrame | null> {
		if (this.#frames === null) return null;
		try {
			return await this.#frames.grab();
		} catch (thrown) {
			if (this.#ended.signal.aborted) return null;
			if (!(thrown instanceof AppError)) throw thrown;
			this.#end(thrown);
			return null;
		}
	}

	stop(): void {
		this.#ended.abort();
		if (this.element?.srcObject instanceof MediaStream) stopTracks(this.element.srcObject);
		if (this.element !== null) this.element.srcObject = null;
	}

	#end(error: AppError): void {
		if (this.#ended.signal.aborted) return;
		this.stop();
		this.onend?.(error);
	}
}

const SIZE = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };

/**
 * Opens the chosen camera or, if none is chosen, the first that can be opened. Throws AppError with the cameras' names.
 */
async function openStream(choice: CameraChoice | null, only: boolean): Promise<MediaStream> {
	try {
		return await openChosen(choice, only);
	} catch (thrown) {
		if (thrown instanceof AppError) throw thrown;
		const failure = thrown instanceof Error ? thrown : new Error(String(thrown));
		const code = cameraErrorCode(failure, await isAllowed());
		const cameras = code === 'camera-busy' ? await listCameras() : [];
		if (choice === null) {
			// The browser's preferred camera may be in use by another program.
			for (const { deviceId } of cameras) {
				const stream = await openDevice(deviceId).catch(() => null);
				if (stream !== null) return stream;
			}
		}
		throw new AppError(code, `getUserMedia: ${failure.name}: ${failure.message}`, thrown, namesOf(cameras));
	}
}

/** A sentence with the names of these cameras; null if the browser tells none. */
function namesOf(cameras: readonly { readonly label: string }[]): string | null {
	const names = cameras.flatMap(({ label }) => (label === '' ? [] : [`“${label}”`]));
	return names.length === 0 ? null : `Cameras of this device: ${names.join(', ')}.`;
}

/** Whether this page may use cameras, as far as the browser tells. */
async function isAllowed(): Promise<boolean | null> {
	try {
		return (await navigator.permissions.query({ name: 'camera' })).state === 'granted';
	} catch {
		return null;
	}
}

async function listCameras(): Promise<MediaDeviceInfo[]> {
	const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
	return devices.filter(({ kind, deviceId }) => kind === 'videoinput' && deviceId !== '');
}

function openDevice(deviceId: string): Promise<MediaStream> {
	return navigator.mediaDevices.getUserMedia({ video: { ...SIZE, deviceId: { exact: deviceId } }, audio: false });
}

async function openChosen(choice: CameraChoice | null, only: boolean): Promise<MediaStream> {
	const cameras = await listCameras();
	const device = findCamera(cameras, choice);
	if (device !== null) return openDevice(device.deviceId);
	// Browsers only tell camera names once permission is given; until then the wanted one may be there after all.
	if (choice !== null && only && cameras.some(({ label }) => label !== '')) throw absent(choice, cameras);
	const video = { ...SIZE, facingMode: 'user' };
	const stream = await navigator.mediaDevices.getUserMedia({ video, audio: false });
	if (choice === null) return stream;
	const there = await listCameras();
	const named = findCamera(there, choice);
	if (named === null && only) {
		stopTracks(stream);
		throw absent(choice, there);
	}
	if (named === null || stream.getVideoTracks()[0]?.getSettings().deviceId === named.deviceId) return stream;
	stopTracks(stream);
	return openDevice(named.deviceId);
}

function absent({ label }: CameraChoice, cameras: readonly MediaDeviceInfo[]): AppError {
	const said = `There is no camera “${label}”. ${namesOf(cameras) ?? ''}`.trim();
	return new AppError('camera-missing', `no camera is called ${label}`, undefined, said);
}

function rejectAfter(limitMs: number): Promise<never> {
	return new Promise((_, reject) => {
		setTimeout(() => reject(new Error(`nothing came within ${limitMs} ms`)), limitMs);
	});
}

function stopTracks(stream: MediaStream): void {
	for (const track of stream.getTracks()) track.stop();
}
