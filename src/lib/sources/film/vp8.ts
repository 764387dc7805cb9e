/**
 * VP8 with the times of its packets. Mediabunny expects a frame for each packet, and would give all frames after a packet
 * without one the time of an earlier frame.
 */
import { CustomVideoDecoder, type EncodedPacket, registerDecoder, type VideoCodec, VideoSample } from 'mediabunny';

/** Packets in the decoder at once: enough for it to work ahead. */
const MOST_QUEUED = 8;

/** Whether a VP8 packet shows a frame, or is only referred to by others (RFC 6386, section 9.1). */
export function showsFrame(packet: Uint8Array): boolean {
	return ((packet[0] ?? 0x10) & 0x10) !== 0;
}

class Vp8Decoder extends CustomVideoDecoder {
	#decoder: VideoDecoder | null = null;

	static override supports(codec: VideoCodec): boolean {
		return codec === 'vp8';
	}

	override init(): void {
		this.#decoder = new VideoDecoder({
			output: (frame) => this.onSample(new VideoSample(frame)),
			error: (error) => this.onError(error)
		});
		this.#decoder.configure(this.config);
	}

	override async decode(packet: EncodedPacket): Promise<void> {
		const decoder = this.#decoder;
		if (decoder === null) return;
		while (decoder.state === 'configured' && decoder.decodeQueueSize >= MOST_QUEUED) {
			await new Promise((resolve) => decoder.addEventListener('dequeue', resolve, { once: true }));
		}
		decoder.decode(packet.toEncodedVideoChunk());
	}

	override async flush(): Promise<void> {
		await this.#decoder?.flush();
	}

	override close(): void {
		if (this.#decoder?.state !== 'closed') this.#decoder?.close();
	}
}

registerDecoder(Vp8Decoder);
