/** The publisher with a real Mosquitto, which is killed and restarted. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import mqtt, { type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { emptyMinute, MINUTE_MS } from '../../../../src/lib/state/kiosk/minutes';
import { Publisher } from '../../../../src/lib/state/kiosk/publisher.svelte';
import { startBroker, type Grudge } from '../../../broker';
import { BROKER_LOGIN, Mosquitto, OTHER_LOGINS } from '../../../mosquitto';
import { freePort, provideProgram } from '../../../programs';
import { acceptWebSocket } from '../../../websocket';

const program = provideProgram('mosquitto');
const NOON = Date.UTC(2026, 10, 24, 12);
const TOPIC = 'museum/door';
const SETTINGS = { topic: TOPIC, discovery: 'homeassistant', commands: true, setupUrl: 'http://kiosk/', version: '1' };
const PATIENTLY = { timeout: 120_000 };

// Node 20 has none of its own.
vi.stubGlobal('WebSocket', WebSocket);
afterAll(() => {
	vi.unstubAllGlobals();
});

describe.skipIf(program === null)('a broker (needs mosquitto)', () => {
	const received: { topic: string; text: string }[] = [];
	const kept = new Map<string, string>();
	const storage = {
		getItem: (key: string) => kept.get(key) ?? null,
		setItem: (key: string, value: string) => void kept.set(key, value),
		removeItem: (key: string) => void kept.delete(key)
	};
	const keptMinutes = () => [...kept.keys()].filter((key) => key.startsWith('mien.kiosk.unsent ')).length;
	let url: string;
	let broker: Mosquitto;
	let listener: MqttClient;
	let publisher: Publisher;
	let stop: AbortController;
	/** Minutes since noon that are over. */
	let passed = 0;

	/** One minute passes, with as many faces as minutes passed since noon. */
	function passMinute(): void {
		const record = { ...emptyMinute(NOON + passed * MINUTE_MS), faces: passed };
		passed++;
		publisher.add(record);
	}

	let password: string;
	function start(): void {
		stop = new AbortController();
		publisher = new Publisher({
			settings: { ...SETTINGS, url },
			onCommand: (text) => ({ command: text, ok: text === 'reload', reason: null }),
			presenceEveryMs: 300,
			login: () => ({ user: BROKER_LOGIN.username, password }),
			storage,
			now: () => NOON + passed * MINUTE_MS,
			retryMs: 200
		});
		publisher.describe(['happy']);
		void publisher.run(stop.signal);
	}

	/** The faces of the minutes received, in order; a broker that dies before acknowledging may send one twice. */
	const minutes = (): number[] => {
		const all = received.filter(({ topic, text }) => topic === `${TOPIC}/minute` && text !== '');
		return [...new Set(all.map(({ text }) => (JSON.parse(text) as { faces: number }).faces))];
	};
	const status = (): string | undefined => received.findLast(({ topic }) => topic === `${TOPIC}/status`)?.text;

	beforeAll(async () => {
		const port = await freePort();
		url = `ws://127.0.0.1:${port}`;
		broker = new Mosquitto(program ?? '', port, await freePort());
		await broker.start();
		// A session that the broker knows by name, so that it also gets what came while it was away.
		listener = mqtt.connect(url, { ...BROKER_LOGIN, clientId: 'listener', clean: false, reconnectPeriod: 200 });
		listener.on('error', () => undefined);
		listener.on('message', (topic, payload) => void received.push({ topic, text: payload.toString() }));
		await new Promise<void>((resolve) => listener.once('connect', () => resolve()));
		await listener.subscribeAsync('#', { qos: 1 });
	});
	afterAll(async () => {
		stop.abort();
		await listener.endAsync(true);
		await broker.remove();
	});

	it('that refuses the login is reported, and gets nothing', async () => {
		password = 'wrong';
		start();
		passMinute();
		await expect.poll(() => publisher.link, PATIENTLY).toBe('refused');
		expect(publisher.unsent).toBe(1);
	});

	it('learns who we are once the login is corrected, and then each minute, including the earlier one', async () => {
		({ password } = BROKER_LOGIN);
		passMinute();
		await expect.poll(minutes, PATIENTLY).toEqual([0, 1]);
		const topics = received.map(({ topic }) => topic).filter((topic) => topic !== `${TOPIC}/kiosk`);
		expect(topics.slice(0, 2)).toEqual(['homeassistant/device/museum_door/config', `${TOPIC}/status`]);
		expect(topics.filter((topic) => topic.endsWith('/minute'))).toHaveLength(2);
		expect(status()).toBe('online');
		await expect.poll(keptMinutes, PATIENTLY).toBe(0);
	});

	it('gets nothing of an unfinished minute, and its parts as one', async () => {
		const part = { ...emptyMinute(NOON + passed * MINUTE_MS), faces: passed - 1 };
		publisher.add(part);
		expect(publisher.unsent).toBe(0);
		publisher.add({ ...part, faces: 1 });
		passed++;
		passMinute();
		await expect.poll(minutes, PATIENTLY).toEqual([0, 1, 2, 3]);
	});

	it('that was killed gets all that waited, in order, even from a page that was reopened in between', async () => {
		await broker.kill();
		await expect.poll(() => publisher.link, PATIENTLY).toBe('away');
		for (let minute = 0; minute < 3; minute++) passMinute();
		stop.abort();
		start();
		for (let minute = 0; minute < 3; minute++) passMinute();
		expect(publisher.unsent).toBe(6);
		await broker.start();
		await expect.poll(minutes, PATIENTLY).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
		await expect.poll(keptMinutes, PATIENTLY).toBe(0);
	});

	it('that is offline misses nothing because another page waits for its turn, as a preview does', async () => {
		await broker.kill();
		passMinute();
		const mine = [...kept.values()].filter((text) => text.includes(`"faces":${passed - 1}`));
		expect(mine).toHaveLength(1);
		const settings = { ...SETTINGS, url };
		const preview = new Publisher({ settings, login: () => null, storage, now: () => NOON + passed * MINUTE_MS });
		preview.describe(['happy']);
		preview.occupancy(false);
		await new Promise((resolve) => setTimeout(resolve, 50));
		expect([...kept.values()]).toEqual(expect.arrayContaining(mine));
		await broker.start();
		await expect.poll(() => minutes().at(-1), PATIENTLY).toBe(passed - 1);
	});

	it('gets a minute that a clock put far ahead at once, as its time may never come', async () => {
		publisher.add({ ...emptyMinute(NOON + 1000 * 24 * 60 * MINUTE_MS), faces: 1000 });
		await expect.poll(() => minutes().at(-1), PATIENTLY).toBe(1000);
		expect(publisher.unsent).toBe(0);
	});

	it('gets occupancy and diagnostics, and gets answers to commands, except retained ones', async () => {
		publisher.occupancy(true);
		publisher.diagnose({
			...{ fps: 5, source: 'camera', transport: null, memoryMb: 80, incidents: 0, paused: false, slow: false }
		});
		const last = (name: string) => received.findLast(({ topic }) => topic === `${TOPIC}/${name}`)?.text;
		await expect.poll(() => last('occupancy'), PATIENTLY).toBe('ON');
		await expect
			.poll(() => JSON.parse(last('diagnostics') ?? '{}') as unknown, PATIENTLY)
			.toMatchObject({ fps: 5, version: '1' });
		await listener.publishAsync(`${TOPIC}/command`, 'reload', { qos: 1 });
		await expect.poll(() => last('answer'), PATIENTLY).toBe('{"command":"reload","ok":true,"reason":null}');
		publisher.occupancy(false);
		await expect.poll(() => last('occupancy'), PATIENTLY).toBe('OFF');
		publisher.alive(false);
		await expect.poll(status, PATIENTLY).toBe('offline');
		publisher.alive(true);
		await expect.poll(status, PATIENTLY).toBe('online');
		// A command that the broker retains would be obeyed on every connection.
		const answers = () => received.filter(({ topic }) => topic === `${TOPIC}/answer`).length;
		const before = answers();
		await listener.publishAsync(`${TOPIC}/command`, 'reload', { qos: 1, retain: true });
		await expect.poll(answers, PATIENTLY).toBe(before + 1);
		stop.abort();
		start();
		await expect.poll(() => publisher.link, PATIENTLY).toBe('connected');
		passMinute();
		await expect.poll(() => publisher.unsent, PATIENTLY).toBe(0);
		await new Promise((resolve) => setTimeout(resolve, 500));
		expect(answers()).toBe(before + 1);
		await listener.publishAsync(`${TOPIC}/command`, '', { qos: 1, retain: true });
	});

	it('sees two kiosks with one topic both report it, and the later one stay silent until the other is gone', async () => {
		const second = new AbortController();
		const twin = new Publisher({
			settings: { ...SETTINGS, url },
			login: () => ({ user: BROKER_LOGIN.username, password: BROKER_LOGIN.password }),
			storage: null,
			now: () => NOON + 1e9,
			retryMs: 200,
			presenceEveryMs: 300
		});
		twin.describe(['happy']);
		const done = twin.run(second.signal);
		await expect.poll(() => twin.conflict, PATIENTLY).toBe('silent');
		await expect.poll(() => publisher.conflict, PATIENTLY).toBe('other-is-silent');
		twin.add({ ...emptyMinute(NOON), faces: 777 });
		await new Promise((resolve) => setTimeout(resolve, 500));
		expect(minutes()).not.toContain(777);
		expect(twin.unsent).toBe(1);
		second.abort();
		await done;
		await expect.poll(status, PATIENTLY).toBe('online');
	});

	it('forgets the device when discovery is switched off', async () => {
		stop.abort();
		stop = new AbortController();
		publisher = new Publisher({
			settings: { ...SETTINGS, url, discovery: null },
			login: () => ({ user: BROKER_LOGIN.username, password: BROKER_LOGIN.password }),
			storage,
			now: () => NOON + passed * MINUTE_MS,
			retryMs: 200,
			presenceEveryMs: 300
		});
		publisher.describe(['happy']);
		void publisher.run(stop.signal);
		const config = () => received.findLast(({ topic }) => topic === 'homeassistant/device/museum_door/config')?.text;
		await expect.poll(config, PATIENTLY).toBe('');
		await expect.poll(() => kept.size, PATIENTLY).toBe(0);
		stop.abort();
		start();
		await expect.poll(config, PATIENTLY).not.toBe('');
	});

	it('hears again that we are online, if it announces the death of an earlier connection', async () => {
		await listener.publishAsync(`${TOPIC}/status`, 'offline', { qos: 1, retain: true });
		await expect.poll(status, PATIENTLY).toBe('online');
	});

	it('forgets its retained minute once it was erased here', async () => {
		publisher.forget();
		const last = () => received.findLast(({ topic }) => topic === `${TOPIC}/minute`)?.text;
		await expect.poll(last, PATIENTLY).toBe('');
		expect(publisher.unsent).toBe(0);
		expect(keptMinutes()).toBe(0);
	});

	it('hears that we leave', async () => {
		stop.abort();
		await expect.poll(status, PATIENTLY).toBe('offline');
	});

	it('that is offline for days is waited for within bounds', async () => {
		await broker.kill();
		start();
		const oldest = passed + 60;
		for (let minute = 0; minute < 1500; minute++) passMinute();
		expect(publisher.unsent).toBe(1440);
		const [first] = JSON.parse(kept.get(`mien.kiosk.unsent ${TOPIC}`) ?? '[]') as { faces: number }[];
		expect(first?.faces).toBe(oldest);
	});

	it('never gets the password', () => {
		expect(JSON.stringify(received)).not.toContain(BROKER_LOGIN.password);
	});
});

describe('a broker that disconnects', () => {
	it.each<[string, Grudge[]]>([
		['at a subscription', ['subscribe']],
		['at a retained message', ['retain']],
		['at a retained last will', ['retained-will', 'retain']],
		['at any last will', ['will']],
		['at a message that is to be confirmed', ['confirm']],
		['at nothing, but confirms no message', ['silence']],
		['at every feature that can be dropped', ['will', 'retained-will', 'retain', 'confirm', 'subscribe']]
	])('%s gets each minute, and no more reconnects after that', async (_, grudges) => {
		const broker = await startBroker(grudges);
		const stop = new AbortController();
		let nowMs = NOON;
		const publisher = new Publisher({
			settings: { ...SETTINGS, url: broker.url, discovery: null },
			presenceEveryMs: 1e9,
			login: () => null,
			storage: null,
			now: () => nowMs,
			retryMs: 20,
			// Far longer than an answer takes on this machine, so that a busy one is not taken for silent.
			confirmLimitMs: 3000
		});
		publisher.describe(['happy']);
		const done = publisher.run(stop.signal);
		// A message whose acknowledgement is lost on disconnecting may be sent twice.
		const minutes = () => {
			const all = broker.published.filter(({ topic }) => topic === `${TOPIC}/minute`);
			return [...new Set(all.map(({ text }) => (JSON.parse(text) as { faces: number }).faces))];
		};
		const passMinute = () => {
			publisher.add({ ...emptyMinute(nowMs), faces: minutes().length });
			nowMs += MINUTE_MS;
		};
		passMinute();
		await expect.poll(() => minutes().length, PATIENTLY).toBe(1);
		await expect.poll(() => publisher.limits.length, PATIENTLY).toBeGreaterThan(0);
		// There may be another grudge to meet, and a minute that no broker acknowledges is lost with the connection.
		const isLeftInPeace = () =>
			expect
				.poll(async () => {
					const before = broker.connects;
					await new Promise((resolve) => setTimeout(resolve, 300));
					return broker.connects - before;
				}, PATIENTLY)
				.toBe(0);
		await isLeftInPeace();
		await expect.poll(() => publisher.link, PATIENTLY).toBe('connected');
		passMinute();
		await expect.poll(() => minutes().length, PATIENTLY).toBe(2);
		await isLeftInPeace();
		passMinute();
		await expect.poll(minutes, PATIENTLY).toEqual([0, 1, 2]);
		expect(publisher.unsent).toBe(0);
		stop.abort();
		await done;
		broker.stop();
	});
});

it('a broker that speaks only MQTT 5 gets each minute, retained, and the last will', async () => {
	const broker = await startBroker(['version']);
	const stop = new AbortController();
	const settings = { ...SETTINGS, url: broker.url, discovery: null };
	const publisher = new Publisher({
		settings,
		login: () => null,
		storage: null,
		now: () => NOON + MINUTE_MS,
		retryMs: 20
	});
	publisher.describe(['happy']);
	publisher.add(emptyMinute(NOON));
	const done = publisher.run(stop.signal);
	const minutes = () => broker.published.filter(({ topic }) => topic === `${TOPIC}/minute`);
	await expect.poll(() => minutes().length, PATIENTLY).toBe(1);
	expect(minutes()[0]).toMatchObject({ retain: true, text: expect.stringContaining('"faces":0') as string });
	expect(broker.wills).toEqual([`${TOPIC}/status`]);
	expect(publisher.limits).toEqual([]);
	stop.abort();
	await done;
	broker.stop();
});

it('a broker gets each minute from a browser whose storage is full', async () => {
	vi.spyOn(console, 'warn').mockImplementation(() => undefined);
	const broker = await startBroker([]);
	const stop = new AbortController();
	const full = () => {
		throw new DOMException('full', 'QuotaExceededError');
	};
	const storage = { getItem: () => null, setItem: full, removeItem: () => undefined };
	const settings = { ...SETTINGS, url: broker.url };
	const publisher = new Publisher({ settings, login: () => null, storage, now: () => NOON + MINUTE_MS, retryMs: 20 });
	publisher.describe(['happy']);
	publisher.add(emptyMinute(NOON));
	const done = publisher.run(stop.signal);
	const topics = () => broker.published.map(({ topic }) => topic);
	await expect.poll(topics, PATIENTLY).toContain(`${TOPIC}/minute`);
	expect(topics()).toContain('homeassistant/device/museum_door/config');
	expect(broker.published.find(({ topic }) => topic === `${TOPIC}/status`)?.text).toBe('online');
	stop.abort();
	await done;
	broker.stop();
});

describe('a broker that is offline', () => {
	type Fault = 'refuses the handshake' | 'closes before it takes the connection';

	/** Fails this way for so many connections, and then leads to `url`, like a proxy in front of a broker. */
	async function startFaulty(fault: Fault, times: number, url: string) {
		const server = createServer();
		let count = 0;
		server.on('upgrade', (request, stream) => {
			if (++count > times) {
				const behind = new WebSocket(url, 'mqtt');
				behind.once('open', () => {
					const socket = acceptWebSocket(request, stream, 'mqtt');
					socket.onMessage = (message) => behind.send(message);
					behind.on('message', (message: Buffer) => socket.send(message));
					socket.onClose = () => behind.close();
				});
			} else if (fault === 'refuses the handshake') stream.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
			else {
				const socket = acceptWebSocket(request, stream, 'mqtt');
				socket.onMessage = () => socket.destroy();
			}
		});
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		return {
			url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
			count: () => count,
			stop: () => server.close()
		};
	}

	it.each<[Fault, number]>([
		['refuses the handshake', 5],
		['closes before it takes the connection', 4]
	])('and %s is not said to lack anything, and gets the last will', async (fault, times) => {
		const broker = await startBroker([]);
		const before = await startFaulty(fault, times, broker.url);
		const stop = new AbortController();
		const publisher = new Publisher({
			settings: { ...SETTINGS, url: before.url, discovery: null },
			presenceEveryMs: 1e9,
			login: () => null,
			storage: null,
			now: () => NOON,
			retryMs: 20
		});
		publisher.describe(['happy']);
		const done = publisher.run(stop.signal);
		await expect.poll(() => publisher.link, PATIENTLY).toBe('connected');
		expect(before.count()).toBe(times + 1);
		expect(publisher.limits).toEqual([]);
		expect(broker.wills).toEqual([`${TOPIC}/status`]);
		stop.abort();
		await done;
		before.stop();
		broker.stop();
	});
});

describe.skipIf(program === null)('a broker with the rights of the README (needs mosquitto)', () => {
	it('lets the kiosk publish everything, and a single login command it', async () => {
		const readme = readFileSync('src/routes/kiosk/README.md', 'utf8');
		const rights = /```\n(user kiosk\n.*?)```/s.exec(readme)?.[1] ?? '';
		const [port, plainPort] = [await freePort(), await freePort()];
		const broker = new Mosquitto(program ?? '', port, plainPort, rights);
		await broker.start();
		const url = `ws://127.0.0.1:${port}`;
		const [operator, visitor] = await Promise.all(OTHER_LOGINS.map((login) => mqtt.connectAsync(url, login)));
		if (operator === undefined || visitor === undefined) throw new Error('nobody is there');
		const heard = new Map<string, string>();
		operator.on('message', (topic, payload) => void heard.set(topic, payload.toString()));
		await operator.subscribeAsync(`${TOPIC}/#`, { qos: 1 });
		const commands: string[] = [];
		const stop = new AbortController();
		const publisher = new Publisher({
			settings: { ...SETTINGS, url },
			onCommand: (text) => {
				commands.push(text);
				return { command: text, ok: true, reason: null };
			},
			login: () => ({ user: BROKER_LOGIN.username, password: BROKER_LOGIN.password }),
			storage: null,
			now: () => NOON + MINUTE_MS,
			retryMs: 200
		});
		publisher.describe(['happy']);
		publisher.occupancy(true);
		publisher.add({ ...emptyMinute(NOON), faces: 3 });
		const done = publisher.run(stop.signal);
		await expect.poll(() => heard.get(`${TOPIC}/status`), PATIENTLY).toBe('online');
		await expect.poll(() => heard.get(`${TOPIC}/occupancy`), PATIENTLY).toBe('ON');
		await expect.poll(() => heard.get(`${TOPIC}/minute`), PATIENTLY).toContain('"faces":3');
		// The broker accepts what is not allowed, and tells nobody.
		await visitor.publishAsync(`${TOPIC}/command`, 'reload', { qos: 1 });
		// Until the kiosk listens, nobody hears a command.
		await expect
			.poll(async () => {
				await operator.publishAsync(`${TOPIC}/command`, 'pause', { qos: 1 });
				return heard.get(`${TOPIC}/answer`);
			}, PATIENTLY)
			.toContain('"pause"');
		await visitor.publishAsync(`${TOPIC}/command`, 'reload', { qos: 1 });
		await operator.publishAsync(`${TOPIC}/command`, 'resume', { qos: 1 });
		await expect.poll(() => commands, PATIENTLY).toContain('resume');
		expect(commands).not.toContain('reload');
		expect(publisher.limits).toEqual([]);
		stop.abort();
		await done;
		await Promise.all([operator.endAsync(true), visitor.endAsync(true)]);
		await broker.remove();
	});
});
