/** The publisher on a real Mosquitto, which is killed and started again. */
import mqtt, { type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emptyMinute, MINUTE_MS } from '../../../../src/lib/state/kiosk/minutes';
import { Publisher } from '../../../../src/lib/state/kiosk/publisher.svelte';
import { BROKER_LOGIN, Mosquitto } from '../../../mosquitto';
import { freePort, provideProgram } from '../../../programs';

const program = provideProgram('mosquitto');
const NOON = Date.UTC(2026, 10, 24, 12);
const TOPIC = 'museum/door';
const PATIENTLY = { timeout: 20_000 };

describe.skipIf(program === null)('a broker (needs mosquitto)', () => {
	const received: { topic: string; text: string }[] = [];
	const kept = new Map<string, string>();
	const storage = {
		getItem: (key: string) => kept.get(key) ?? null,
		setItem: (key: string, value: string) => void kept.set(key, value),
		removeItem: (key: string) => void kept.delete(key)
	};
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

	function start(password = BROKER_LOGIN.password): void {
		stop = new AbortController();
		publisher = new Publisher({
			settings: { url, topic: TOPIC, discovery: 'homeassistant' },
			login: { user: BROKER_LOGIN.username, password },
			storage,
			now: () => NOON + passed * MINUTE_MS,
			retryMs: 200
		});
		publisher.describe(['happy']);
		void publisher.run(stop.signal);
	}

	/** What came, in order; a broker that dies before it has an answer sends a message twice, and may. */
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
		// A session that the broker knows by name: it gets what came before it is there again.
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

	it('that refuses is said to, and gets nothing', async () => {
		start('wrong');
		passMinute();
		await expect.poll(() => publisher.link, PATIENTLY).toBe('refused');
		expect(publisher.unsent).toBe(1);
		stop.abort();
	});

	it('learns who we are, and then each minute, also that from before', async () => {
		start();
		passMinute();
		await expect.poll(minutes, PATIENTLY).toEqual([0, 1]);
		expect(received.map(({ topic }) => topic)).toEqual([
			...['faces', 'arrivals', 'seen', 'unsure', 'incidents', 'happy_dwell', 'happy_probability'].map(
				(id) => `homeassistant/sensor/museum_door/${id}/config`
			),
			`${TOPIC}/status`,
			`${TOPIC}/minute`,
			`${TOPIC}/minute`
		]);
		expect(status()).toBe('online');
		await expect.poll(() => kept.size, PATIENTLY).toBe(0);
	});

	it('gets nothing of a minute under way, and its parts as one', async () => {
		const part = { ...emptyMinute(NOON + passed * MINUTE_MS), faces: passed - 1 };
		publisher.add(part);
		expect(publisher.unsent).toBe(0);
		publisher.add({ ...part, faces: 1 });
		passed++;
		passMinute();
		await expect.poll(minutes, PATIENTLY).toEqual([0, 1, 2, 3]);
	});

	it('that was killed gets all that waited, in order, also from a page that was opened anew meanwhile', async () => {
		await broker.kill();
		await expect.poll(() => publisher.link, PATIENTLY).toBe('away');
		for (let minute = 0; minute < 3; minute++) passMinute();
		stop.abort();
		start();
		for (let minute = 0; minute < 3; minute++) passMinute();
		expect(publisher.unsent).toBe(6);
		await broker.start();
		await expect.poll(minutes, PATIENTLY).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
		await expect.poll(() => kept.size, PATIENTLY).toBe(0);
	});

	it('gets a minute that a clock counted far ahead at once: its time may never come', async () => {
		publisher.add({ ...emptyMinute(NOON + 1000 * 24 * 60 * MINUTE_MS), faces: 1000 });
		await expect.poll(() => minutes().at(-1), PATIENTLY).toBe(1000);
		expect(publisher.unsent).toBe(0);
	});

	it('hears once more that we are here, where it tells of a connection that died before', async () => {
		await listener.publishAsync(`${TOPIC}/status`, 'offline', { qos: 1, retain: true });
		await expect.poll(() => received.slice(-10).map(({ text }) => text), PATIENTLY).toContain('offline');
		await expect.poll(status, PATIENTLY).toBe('online');
	});

	it('forgets the minute that it keeps, once it was erased here', async () => {
		publisher.forget();
		const last = () => received.findLast(({ topic }) => topic === `${TOPIC}/minute`)?.text;
		await expect.poll(last, PATIENTLY).toBe('');
		expect(publisher.unsent).toBe(0);
		expect(kept.size).toBe(0);
	});

	it('hears that we leave', async () => {
		stop.abort();
		await expect.poll(status, PATIENTLY).toBe('offline');
	});

	it('that is away for days is not waited for without bounds', async () => {
		await broker.kill();
		start();
		const oldest = passed + 60;
		for (let minute = 0; minute < 1500; minute++) passMinute();
		expect(publisher.unsent).toBe(1440);
		const [first] = JSON.parse([...kept.values()][0] ?? '[]') as { faces: number }[];
		expect(first?.faces).toBe(oldest);
	});

	it('never gets the password', () => {
		expect(JSON.stringify(received)).not.toContain(BROKER_LOGIN.password);
	});
});
