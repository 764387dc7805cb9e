/** Where in a film the visitor looks, and what shows it: a video element, or single frames if none can play it. */
import type { FilmReader } from '../../sources/film/film';

/** Seeks this far into a frame: at its very beginning, an element may still show the previous one. */
const WITHIN_S = 0.001;
/** How often a film that no element can play is shown frame by frame. */
const STEP_MS = 100;
const RATES = [1, 2, 4] as const;
const SHOWN_SIDE_PX = 1920;

export class Screen {
	#timeS = $state.raw(0);
	#playing: 'no' | 'forwards' | 'backwards' = $state.raw('no');
	#rate = $state.raw(1);
	#element: HTMLVideoElement | HTMLCanvasElement | null = $state.raw(null);
	#video: HTMLVideoElement | null = null;
	#reader: FilmReader | null = null;
	#timer: ReturnType<typeof setInterval> | undefined;
	#url: string | null = null;
	#drawing: Promise<void> | null = null;
	/** The last time that was requested while another was being drawn. */
	#wantedS: number | null = null;
	/** Seconds of the container at the element's own zero. */
	#offsetS = 0;

	/** Start of the frame that is shown, in seconds of the container, as far as the browser tells. */
	get timeS(): number {
		return this.#timeS;
	}

	get playing(): boolean {
		return this.#playing !== 'no';
	}

	get rate(): number {
		return this.#rate;
	}

	get element(): HTMLVideoElement | HTMLCanvasElement | null {
		return this.#element;
	}

	/** Shows another film, or none. `description` is what screen readers say about the picture. */
	show(file: File | null, reader: FilmReader | null, description: string): void {
		this.close();
		this.#reader = reader;
		this.#timeS = reader?.info.startS ?? 0;
		if (file === null || reader === null) return;
		const video = document.createElement('video');
		video.muted = false;
		video.playsInline = true;
		video.preload = 'auto';
		video.setAttribute('aria-label', description);
		this.#url = URL.createObjectURL(file);
		video.src = this.#url;
		this.#video = video;
		this.#element = video;
		const isCurrent = (): boolean => this.#video === video;
		video.addEventListener('error', () => {
			if (isCurrent()) this.#showFrames(description);
		});
		video.addEventListener('pause', () => {
			if (isCurrent() && this.#playing === 'forwards') this.#playing = 'no';
		});
		video.addEventListener('ended', () => {
			if (isCurrent()) this.#playing = 'no';
		});
		this.#follow(video);
	}

	/** Goes to a moment, in seconds of the container. */
	seek(timeS: number): void {
		const { startS = 0, endS = 0 } = this.#reader?.info ?? {};
		this.#timeS = Math.max(startS, Math.min(endS, timeS));
		if (this.#video !== null) this.#video.currentTime = Math.max(0, this.#timeS - this.#offsetS + WITHIN_S);
		else void this.#draw(this.#timeS);
	}

	/** Goes forward by this many frames of the film, or back. */
	step(by: number): void {
		this.pause();
		if (this.#reader !== null) this.seek(this.#reader.step(this.#timeS, by));
	}

	toggle(): void {
		if (this.playing) this.pause();
		else this.play();
	}

	/** Plays; called again, at twice the speed, and so on. */
	play(): void {
		if (this.#element === null) return;
		const next = RATES[RATES.indexOf(this.#rate as (typeof RATES)[number]) + 1] ?? RATES[RATES.length - 1];
		this.#setRate(this.#playing === 'forwards' ? (next ?? 1) : 1);
		clearInterval(this.#timer);
		this.#playing = 'forwards';
		if (this.#video !== null) void this.#video.play().catch(() => (this.#playing = 'no'));
		else this.#timer = setInterval(() => this.#move((STEP_MS / 1000) * this.#rate), STEP_MS);
	}

	/** Plays backwards, by repeatedly seeking back. */
	playBackwards(): void {
		if (this.#element === null) return;
		const next = RATES[RATES.indexOf(this.#rate as (typeof RATES)[number]) + 1] ?? RATES[RATES.length - 1];
		const rate = this.#playing === 'backwards' ? (next ?? 1) : 1;
		this.pause();
		this.#setRate(rate);
		this.#playing = 'backwards';
		this.#timer = setInterval(() => this.#move((-STEP_MS / 1000) * this.#rate), STEP_MS);
	}

	pause(): void {
		clearInterval(this.#timer);
		this.#playing = 'no';
		this.#video?.pause();
	}

	close(): void {
		this.pause();
		this.#setRate(1);
		if (this.#video !== null) {
			this.#video.removeAttribute('src');
			this.#video.load();
		}
		if (this.#url !== null) URL.revokeObjectURL(this.#url);
		this.#url = null;
		this.#video = null;
		this.#element = null;
		this.#reader = null;
		this.#offsetS = 0;
	}

	#setRate(rate: number): void {
		this.#rate = rate;
		if (this.#video !== null) this.#video.playbackRate = rate;
	}

	#move(byS: number): void {
		const { startS = 0, endS = 0 } = this.#reader?.info ?? {};
		const next = this.#timeS + byS;
		this.seek(next);
		if (next <= startS || next >= endS) this.pause();
	}

	/** Follows the time of every frame that the element presents. */
	#follow(video: HTMLVideoElement): void {
		if (!('requestVideoFrameCallback' in video)) {
			const plain: HTMLVideoElement = video;
			plain.addEventListener('timeupdate', () => {
				if (this.#video === plain && !plain.seeking) this.#timeS = plain.currentTime + this.#offsetS;
			});
			return;
		}
		let isFirst = true;
		const presented = (_: number, { mediaTime }: VideoFrameCallbackMetadata): void => {
			if (this.#video !== video) return;
			// A container's first frame need not be at 0; an element's is.
			if (isFirst && video.currentTime === 0) this.#offsetS = (this.#reader?.info.startS ?? 0) - mediaTime;
			isFirst = false;
			if (this.#playing === 'forwards') this.#timeS = mediaTime + this.#offsetS;
			video.requestVideoFrameCallback(presented);
		};
		video.requestVideoFrameCallback(presented);
	}

	/** No element can play it, so its frames are drawn. */
	#showFrames(description: string): void {
		const { width, height } = this.#reader?.info.size ?? { width: 1, height: 1 };
		const factor = Math.min(1, SHOWN_SIDE_PX / Math.max(width, height));
		const canvas = document.createElement('canvas');
		canvas.width = Math.round(width * factor);
		canvas.height = Math.round(height * factor);
		canvas.setAttribute('role', 'img');
		canvas.setAttribute('aria-label', description);
		this.#video = null;
		this.#element = canvas;
		void this.#draw(this.#timeS);
	}

	async #draw(timeS: number): Promise<void> {
		this.#wantedS = timeS;
		if (this.#drawing !== null) return;
		this.#drawing = (async () => {
			while (this.#wantedS !== null) {
				const wantedS = this.#wantedS;
				this.#wantedS = null;
				const [element, reader] = [this.#element, this.#reader];
				if (!(element instanceof HTMLCanvasElement) || reader === null) return;
				const frame = await reader.at(wantedS).catch(() => null);
				const context = element.getContext('2d');
				if (frame !== null && context !== null && this.#element === element) await frame.draw(context);
			}
		})();
		await this.#drawing;
		this.#drawing = null;
	}
}
