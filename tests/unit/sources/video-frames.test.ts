import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

/** A 1 x 1 video that plays when told, in a browser that may know the frame callback but not call it. */
class FakeVideo extends EventTarget {
	currentTime = 0;
	readonly videoWidth = 1;
	readonly videoHeight = 1;
	callback: (() => void) | null = null;
	requestVideoFrameCallback(callback: () => void): number {
		this.callback = callback;
		return 1;
	}
	cancelVideoFrameCallback(): void {
		this.callback = null;
	}
	playTo(seconds: number): void {
		this.currentTime = seconds;
		this.dispatchEvent(new Event('timeupdate'));
	}
}

let animated: (() => void)[] = [];

beforeEach(() => {
	vi.resetModules();
	animated = [];
	vi.stubGlobal('HTMLVideoElement', FakeVideo);
	vi.stubGlobal('document', Object.assign(new EventTarget(), { visibilityState: 'visible' }));
	vi.stubGlobal('requestAnimationFrame', (callback: () => void) => animated.push(callback));
	vi.stubGlobal('cancelAnimationFrame', () => (animated = []));
	vi.stubGlobal('createImageBitmap', () => Promise.resolve({ close: () => undefined }));
});
afterEach(() => vi.unstubAllGlobals());

async function watched() {
	const { VideoFrames } = await import('../../../src/lib/sources/video-frames');
	const video = new FakeVideo();
	const ended = new AbortController();
	const frames = new VideoFrames(video as unknown as HTMLVideoElement, ended.signal, 1280, 60_000);
	return { video, frames, ended };
}

describe('frames of a video', () => {
	it('come when the browser calls back, and not in between', async () => {
		const { video, frames, ended } = await watched();
		const first = frames.grab();
		video.callback?.();
		expect(await first).not.toBeNull();
		video.playTo(5);
		expect(animated).toHaveLength(0);
		expect(frames.count).toBe(1);
		ended.abort();
	});

	it('come even if the browser never calls back while the video plays', async () => {
		const { video, frames, ended } = await watched();
		const first = frames.grab();
		video.playTo(0.2);
		expect(animated).toHaveLength(0);
		video.playTo(1.2);
		animated.shift()?.();
		expect(await first).not.toBeNull();
		// The same moment is not a new frame.
		animated.shift()?.();
		expect(frames.count).toBe(1);
		video.playTo(1.3);
		animated.shift()?.();
		expect(frames.count).toBe(2);
		ended.abort();
		expect(await frames.grab()).toBeNull();
		expect(animated).toHaveLength(0);
	});
});
