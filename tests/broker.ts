/** A broker (MQTT 3.1.1 or 5 over WebSocket) that, like hosted ones, hangs up on what it does not know or allow. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { acceptWebSocket } from './websocket';

/**
 * What it hangs up on: a subscription (AWS IoT without `iot:Subscribe`), a retained message, a retained last will, any
 * last will, or a message to be confirmed. `silence`: it takes messages to be confirmed, but confirms none. `version`:
 * it knows only MQTT 5.
 */
export type Grudge = 'subscribe' | 'retain' | 'retained-will' | 'will' | 'confirm' | 'silence' | 'version';

export interface StandInBroker {
	readonly url: string;
	/** What was published, oldest first. */
	readonly published: { readonly topic: string; readonly text: string; readonly retain: boolean }[];
	/** Topics of the connections' last wills. */
	readonly wills: string[];
	/** Accepted connections. */
	connects: number;
	stop(): void;
}

export async function startBroker(grudges: readonly Grudge[]): Promise<StandInBroker> {
	const server = createServer();
	const broker: StandInBroker = { url: '', published: [], wills: [], connects: 0, stop: () => server.close() };
	server.on('upgrade', (request, stream) => {
		const socket = acceptWebSocket(request, stream, 'mqtt');
		let rest = Buffer.alloc(0);
		let isVersion5 = false;
		/** Skips the properties that version 5 has in many places, preceded by their length in one byte. */
		const past = (body: Buffer, at: number): number => (isVersion5 ? at + 1 + (body[at] ?? 0) : at);
		socket.onMessage = (message) => {
			rest = Buffer.concat([rest, Buffer.from(message as Buffer)]);
			for (let packet = readPacket(rest); packet !== null; packet = readPacket(rest)) {
				rest = rest.subarray(packet.end);
				answer(packet);
			}
		};
		const answer = ({ type, flags, body }: MqttPacket): void => {
			const hangsUp = (grudge: Grudge): boolean => {
				if (grudges.includes(grudge)) socket.destroy();
				return grudges.includes(grudge);
			};
			if (type === 1) {
				// Variable header: protocol name, level, flags (MQTT 3.1.1, section 3.1.2.3).
				isVersion5 = body[6] === 5;
				if (grudges.includes('version') && !isVersion5) {
					// "Unacceptable protocol version" (section 3.2.2.3).
					socket.send(Buffer.from([0x20, 2, 0, 1]));
					return;
				}
				const wish = body[7] ?? 0;
				if ((wish & 0x04) !== 0 && hangsUp('will')) return;
				if ((wish & 0x20) !== 0 && hangsUp('retained-will')) return;
				broker.connects++;
				// After protocol name (6 bytes), level, flags and keep-alive: the client's id, then the will's topic.
				const id = past(body, 10);
				const at = past(body, id + 2 + body.readUInt16BE(id));
				if ((wish & 0x04) !== 0) broker.wills.push(body.subarray(at + 2, at + 2 + body.readUInt16BE(at)).toString());
				socket.send(Buffer.from(isVersion5 ? [0x20, 3, 0, 0, 0] : [0x20, 2, 0, 0]));
			} else if (type === 8) {
				if (hangsUp('subscribe')) return;
				const codes = [...(isVersion5 ? [0] : []), ...filters(body.subarray(past(body, 2))).map(() => 1)];
				socket.send(Buffer.from([0x90, 2 + codes.length, body[0] ?? 0, body[1] ?? 0, ...codes]));
			} else if (type === 3) {
				const retain = (flags & 1) === 1;
				if (retain && hangsUp('retain')) return;
				const hasId = (flags & 6) !== 0;
				if (hasId && hangsUp('confirm')) return;
				const length = body.readUInt16BE(0);
				const text = body.subarray(past(body, 2 + length + (hasId ? 2 : 0))).toString();
				broker.published.push({ topic: body.subarray(2, 2 + length).toString(), text, retain });
				if (hasId && !grudges.includes('silence'))
					socket.send(Buffer.from([0x40, 2, body[2 + length] ?? 0, body[3 + length] ?? 0]));
			} else if (type === 12) socket.send(Buffer.from([0xd0, 0]));
		};
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return Object.assign(broker, { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/` });
}

/** Topics of a SUBSCRIBE, each preceded by its length and followed by its quality of service. */
function filters(body: Buffer): string[] {
	const topics: string[] = [];
	for (let at = 0; at + 2 <= body.length;) {
		const length = body.readUInt16BE(at);
		topics.push(body.subarray(at + 2, at + 2 + length).toString());
		at += length + 3;
	}
	return topics;
}

interface MqttPacket {
	readonly type: number;
	readonly flags: number;
	readonly body: Buffer;
	readonly end: number;
}

/** Null if it is not complete yet. */
function readPacket(bytes: Buffer): MqttPacket | null {
	let length = 0;
	for (let index = 1; index < bytes.length; index++) {
		const part = bytes[index] ?? 0;
		length |= (part & 127) << (7 * (index - 1));
		if ((part & 128) !== 0) continue;
		const end = index + 1 + length;
		const first = bytes[0] ?? 0;
		return bytes.length < end
			? null
			: { type: first >> 4, flags: first & 15, body: bytes.subarray(index + 1, end), end };
	}
	return null;
}
