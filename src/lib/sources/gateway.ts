/** A camera behind a gateway that offers it in several ways: uses the best that works, and the next if it stops. */
import { AppError, toAppError } from '../errors';
import type { GrabbedFrame } from '../protocol';
import { type GatewayRoute, TRANSPORT_TITLES, type Transport } from './gateway-routes';
import type { FrameSource } from './source';

/**
 * Time for one way to give its first picture: if three hang, there is time for the fourth before the kiosk gives up.
 */
const FIRST_FRAME_LIMIT_MS = 8000;
/** A better way is tried again after this long, and after twice as long each time it fails again. */
const IMPROVE_MS = { first: 30_000, greatest: 600_000 };

export interface GatewayReport {
	/** The way in use; null while there is none. */
	readonly transport: Transport | null;
	/** Why others that were tried failed, in the words of the server or the browser. */
	readonly refused: readonly { readonly transport: Transport; readonly reason: string }[];
}

export interface GatewayOptions {
	/** Best first. */
	readonly routes: readonly GatewayRoute[];
	readonly create: (route: GatewayRoute) => FrameSource;
	/** Called whenever the way in use changes, or none is left. */
	readonly onReport: (report: GatewayReport) => void;
	readonly improveMs?: { readonly first: number; readonly greatest: number };
	readonly firstFrameLimitMs?: number;
}

/** A way that has given its first picture. */
interface Way {
	readonly index: number;
	readonly source: FrameSource;
	readonly first: GrabbedFrame;
}

export class GatewaySource implements FrameSource {
	readonly kind = 'stream';
	readonly live = true;
	readonly mirrored = false;
	onend: ((error: AppError) => void) | null = null;
	readonly #options: GatewayOptions;
	readonly #ended = new AbortController();
	readonly #reasons = new Map<Transport, AppError>();
	#way: Omit<Way, 'first'> | null = null;
	#first: GrabbedFrame | null = null;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#improveMs: number;

	constructor(options: GatewayOptions) {
		this.#options = options;
		this.#improveMs = (options.improveMs ?? IMPROVE_MS).first;
	}

	get element(): HTMLElement | null {
		return this.#way?.source.element ?? null;
	}

	get arrived(): number | undefined {
		return this.#way?.source.arrived;
	}

	async start(signal: AbortSignal): Promise<void> {
		const stopped = AbortSignal.any([signal, this.#ended.signal]);
		const way = await this.#try(this.#options.routes.keys(), stopped);
		if (stopped.aborted) this.#release(way);
		stopped.throwIfAborted();
		if (way === null) throw this.#giveUp();
		this.#take(way);
	}

	async grab(): Promise<GrabbedFrame | null> {
		while (!this.#ended.signal.aborted && this.#way !== null) {
			const first = this.#first;
			this.#first = null;
			if (first !== null) return first;
			const { source, index } = this.#way;
			const frame = await source.grab();
			if (frame !== null) return frame;
			// A better one may have replaced it in the meantime.
			if (this.#way.source === source) await this.#replace(index);
		}
		return null;
	}

	stop(): void {
		this.#ended.abort();
		clearTimeout(this.#timer);
		this.#way?.source.stop();
		this.#first?.close();
		this.#first = null;
	}

	/** Leaves the way in use for the next one. */
	giveUpWay(): void {
		const transport = this.#options.routes[this.#way?.index ?? -1]?.transport;
		if (transport !== undefined) this.#reasons.set(transport, new AppError('stream-lost', 'passed over on request'));
		this.#way?.source.stop();
	}

	/** After the way in use stopped giving pictures: tries the others in order, then it again. */
	async #replace(failed: number): Promise<void> {
		const { routes, onReport } = this.#options;
		this.#way?.source.stop();
		clearTimeout(this.#timer);
		onReport(this.#report(null));
		const others = [...routes.keys()].filter((index) => index !== failed);
		const after = [...others.filter((index) => index > failed), ...others.filter((index) => index < failed), failed];
		const way = await this.#try(after, this.#ended.signal);
		if (this.#ended.signal.aborted) {
			this.#release(way);
		} else if (way === null) this.onend?.(this.#giveUp());
		else this.#take(way);
	}

	/** No way is left: reports why each one failed. */
	#giveUp(): AppError {
		this.stop();
		this.#options.onReport(this.#report(null));
		return this.#error();
	}

	/** The first of these ways that gives a picture; null if none does. */
	async #try(indices: Iterable<number>, signal: AbortSignal): Promise<Way | null> {
		const { routes, create, firstFrameLimitMs = FIRST_FRAME_LIMIT_MS } = this.#options;
		for (const index of indices) {
			const route = routes[index];
			if (signal.aborted || route === undefined) return null;
			const source = create(route);
			source.onend = (error) => this.#reasons.set(route.transport, error);
			this.#reasons.delete(route.transport);
			const limited = new AbortController();
			const timer = setTimeout(() => {
				limited.abort();
				source.stop();
			}, firstFrameLimitMs);
			try {
				await source.start(AbortSignal.any([signal, limited.signal]));
				const first = await source.grab();
				if (first !== null) {
					this.#reasons.delete(route.transport);
					return { index, source, first };
				}
			} catch (thrown) {
				if (!limited.signal.aborted) this.#reasons.set(route.transport, toAppError(thrown, 'stream-unreachable'));
			} finally {
				clearTimeout(timer);
			}
			source.stop();
			if (!this.#reasons.has(route.transport)) {
				const text = `no picture within ${firstFrameLimitMs / 1000} s`;
				this.#reasons.set(route.transport, new AppError('stream-unreadable', text));
			}
		}
		return null;
	}

	#take({ index, source, first }: Way): void {
		this.#first?.close();
		this.#first = first;
		this.#way = { index, source };
		this.#options.onReport(this.#report(this.#options.routes[index]?.transport ?? null));
		clearTimeout(this.#timer);
		if (index === 0) this.#improveMs = (this.#options.improveMs ?? IMPROVE_MS).first;
		else this.#timer = setTimeout(() => void this.#improve(), this.#improveMs);
	}

	/** Looks for a better way while the one in use keeps running. */
	async #improve(): Promise<void> {
		const { greatest } = this.#options.improveMs ?? IMPROVE_MS;
		const used = this.#way;
		if (used === null) return;
		const way = await this.#try(
			Array.from({ length: used.index }, (_, index) => index),
			this.#ended.signal
		);
		if (way === null || this.#ended.signal.aborted || this.#way !== used) {
			this.#release(way);
			if (this.#ended.signal.aborted || this.#way !== used) return;
			// The reasons may have changed.
			this.#options.onReport(this.#report(this.#options.routes[used.index]?.transport ?? null));
			this.#improveMs = Math.min(greatest, 2 * this.#improveMs);
			this.#timer = setTimeout(() => void this.#improve(), this.#improveMs);
			return;
		}
		this.#take(way);
		used.source.stop();
	}

	#release(way: Way | null): void {
		way?.source.stop();
		way?.first.close();
	}

	#report(transport: Transport | null): GatewayReport {
		const refused = this.#options.routes.flatMap((route) => {
			const error = this.#reasons.get(route.transport);
			return error === undefined ? [] : [{ transport: route.transport, reason: error.said ?? error.message }];
		});
		return { transport, refused };
	}

	/**
	 * The error to show if no way gives pictures: a login that is needed takes precedence over what cannot be played.
	 */
	#error(): AppError {
		const errors = [...this.#reasons.values()];
		const code =
			(['stream-refused', 'stream-unreadable'] as const).find((each) => errors.some((error) => error.code === each)) ??
			errors[0]?.code ??
			'stream-unreachable';
		const all = this.#report(null).refused.map(({ transport, reason }) => `${TRANSPORT_TITLES[transport]}: ${reason}`);
		return new AppError(code, all.join('; '));
	}
}
