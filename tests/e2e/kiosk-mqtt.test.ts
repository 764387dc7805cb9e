/** What a kiosk tells a broker: read back from a real Mosquitto, which is killed and started again. */
import { readFile } from 'node:fs/promises';
import mqtt, { type MqttClient } from 'mqtt';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { freePort } from '../programs';
import { chooseExport, open, openBrowser, waitForResults } from './browser';
import { command } from './kiosk';
import { BROKER_LOGIN, Mosquitto } from '../mosquitto';

const program = inject('mosquitto');
const TOPIC = 'museum/door';
const ADDRESS = `source=mjpeg:/streams/counted/mjpeg&mqtt=/broker&mqtt-topic=${TOPIC}`;
/** How much faster the kiosk's wall clock runs: its minutes pass in three seconds. */
const HASTE = 20;

interface Minute {
	minute: string;
	frames: number;
	faces: number;
	seenSeconds: number;
	expressions: Record<string, { faces: number; dwellSeconds: number; meanProbability: number | null }>;
}

interface Received {
	readonly topic: string;
	readonly text: string;
	readonly retain: boolean;
}

/** Subscribes to everything; `received` grows. With a `clientId`, the session later gets what came in its absence. */
async function listen(port: number, clientId?: string): Promise<{ client: MqttClient; received: Received[] }> {
	const received: Received[] = [];
	const client = mqtt.connect(`ws://127.0.0.1:${port}`, {
		...BROKER_LOGIN,
		reconnectPeriod: 200,
		...(clientId === undefined ? {} : { clientId, clean: false })
	});
	client.on('message', (topic, payload, { retain }) => received.push({ topic, text: payload.toString(), retain }));
	// These tests are about lost connections.
	client.on('error', () => undefined);
	await new Promise<void>((resolve) => client.once('connect', () => resolve()));
	await client.subscribeAsync('#', { qos: 1 });
	return { client, received };
}

describe.skipIf(program === null)('MQTT (needs mosquitto)', () => {
	let browser: Browser;
	let context: BrowserContext;
	let page: Page;
	let problems: string[];
	let broker: Mosquitto;
	let client: MqttClient;
	let received: Received[];
	const said: string[] = [];
	const port = inject('brokerPort');
	const minutes = (): Minute[] =>
		received.filter(({ topic }) => topic === `${TOPIC}/minute`).map(({ text }) => JSON.parse(text) as Minute);
	const trouble = (): Promise<string> => page.getByTestId('kiosk-warning').innerText();
	/** How many minutes came, of all or of these; one that was sent twice, as when its page was left, counts once. */
	const came = (of = minutes()): number => new Set(of.map(({ minute }) => minute)).size;
	/** Minutes still to be sent, as the screen says. */
	const waiting = async (): Promise<number> => Number(/away, (\d+) min to send/.exec(await trouble())?.[1] ?? NaN);

	beforeAll(async () => {
		broker = new Mosquitto(program ?? '', port, await freePort());
		await broker.start();
		({ client, received } = await listen(port, 'test'));
		browser = await openBrowser();
		({ context, page, problems } = await open(browser, `/kiosk/setup?${ADDRESS}`, {
			prepare: (prepared) =>
				prepared.addInitScript(
					({ epochMs, haste }) => {
						const now = Date.now.bind(Date);
						Date.now = () => epochMs + haste * (now() - epochMs);
					},
					{ epochMs: Date.now(), haste: HASTE }
				)
		}));
		page.on('console', (message) => said.push(message.text()));
	});
	afterAll(async () => {
		await browser.close();
		await client.endAsync(true);
		await broker.remove();
	});

	it('a broker that refuses the login is reported on the screen, and the kiosk runs', async () => {
		await page.getByTestId('open-kiosk').click();
		await waitForResults(page, 3);
		await expect.poll(trouble).toContain('refuses the login');
		await expect.poll(() => page.getByTestId('kiosk-notice').innerText()).toContain('passed on');
	});

	it('each minute arrives with the login that this browser keeps', async () => {
		await page.goto(`/kiosk/setup?${ADDRESS}`);
		await page.getByLabel(/Name for ws:/).fill(BROKER_LOGIN.username);
		await page.getByLabel(/Password for ws:/).fill(BROKER_LOGIN.password);
		await page.getByLabel(/Password for ws:/).press('Enter');
		await page.getByTestId('open-kiosk').click();
		await waitForResults(page, 3);
		await expect.poll(() => came(minutes().filter(({ faces }) => faces > 0))).toBeGreaterThanOrEqual(2);
		expect(await page.getByTestId('kiosk-warning').count()).toBe(0);
		expect(received.filter(({ topic }) => topic === `${TOPIC}/status`).at(-1)?.text).toBe('online');
	});

	it('nothing is lost while the broker is away, even if the page is reloaded meanwhile', async () => {
		await broker.kill();
		await expect.poll(waiting).toBeGreaterThanOrEqual(2);
		await page.reload();
		await expect.poll(waiting).toBeGreaterThanOrEqual(4);
		await waitForResults(page, 3);
		const before = came();
		await broker.start();
		await expect.poll(() => came()).toBeGreaterThanOrEqual(before + 4);
		await page.getByTestId('kiosk-warning').waitFor({ state: 'detached' });
	});

	it('the broker got what the log has, minute for minute', async () => {
		await page.goto('/kiosk/log');
		const [download] = await Promise.all([page.waitForEvent('download'), chooseExport(page, 'json')]);
		const log = JSON.parse(await readFile(await download.path(), 'utf8')) as { minutes: Minute[] };
		const sent = new Map(minutes().map((each) => [each.minute, each]));
		// The last minute may have been under way when the kiosk was left. The broker still refused the first ones.
		const over = log.minutes.filter(({ minute }, index) => index < log.minutes.length - 1 || sent.has(minute));
		const logged = new Set(over.map(({ minute }) => minute));
		expect([...sent.keys()].filter((minute) => !logged.has(minute))).toEqual([]);
		expect(over.length).toBeGreaterThanOrEqual(6);
		expect(over.filter(({ minute }) => !sent.has(minute))).toEqual([]);
		for (const { expressions, ...figures } of over) {
			expect(sent.get(figures.minute)).toMatchObject(figures);
			expect(sent.get(figures.minute)?.expressions).toMatchObject(expressions);
		}
		expect(over.some(({ seenSeconds }) => seenSeconds > 0)).toBe(true);
	});

	it('a face is published at once, and its absence after the time that was set', async () => {
		const told: { readonly text: string; readonly ms: number }[] = [];
		const occupied = await listen(port);
		occupied.client.on('message', (topic, payload) => {
			if (topic === 'museum/hall/occupancy') told.push({ text: payload.toString(), ms: Date.now() });
		});
		const hall = await context.newPage();
		await hall.goto(
			'/kiosk?source=mjpeg:/streams/hall/mjpeg&log=no&mqtt=/broker&mqtt-topic=museum/hall&mqtt-discovery=off&occupied=3'
		);
		const last = () => told.at(-1)?.text;
		await expect.poll(last).toBe('ON');
		for (let round = 0; round < 3; round++) {
			await command('hall', 'set/freeze');
			const frozenMs = Date.now();
			await expect.poll(last).toBe('OFF');
			// The last picture was on its way when the stream stood still.
			expect((told.at(-1)?.ms ?? 0) - frozenMs).toBeGreaterThan(2000);
			await command('hall', 'set/ok');
			const shownMs = Date.now();
			await expect.poll(last).toBe('ON');
			// Two seconds are promised; a busy machine gets ten.
			expect((told.at(-1)?.ms ?? Infinity) - shownMs).toBeLessThan(10_000);
		}
		await hall.close();
		await occupied.client.endAsync(true);
	});

	it('Home Assistant is told what to show, and that the kiosk is gone', async () => {
		const late = await listen(port);
		await expect
			.poll(() => late.received.find(({ topic }) => topic === `${TOPIC}/status`))
			.toEqual({ topic: `${TOPIC}/status`, text: 'offline', retain: true });
		const configs = () => late.received.filter(({ topic }) => topic.startsWith('homeassistant/'));
		await expect.poll(() => configs().length).toBeGreaterThan(0);
		const [config, ...others] = configs();
		expect(others).toEqual([]);
		expect([config?.topic, config?.retain]).toEqual(['homeassistant/device/museum_door/config', true]);
		const { components, availability_topic: availability } = JSON.parse(config?.text ?? '{}') as {
			components: Record<string, { state_topic: string }>;
			availability_topic: string;
		};
		expect(availability).toBe(`${TOPIC}/status`);
		const [minute] = minutes().slice(-1);
		const ofMinutes = Object.values(components).filter(({ state_topic: topic }) => topic === `${TOPIC}/minute`);
		expect(ofMinutes.length).toBe(4 + 2 * Object.keys(minute?.expressions ?? {}).length);
		expect(
			received.filter(({ topic, text }) => topic === `${TOPIC}/occupancy` && text === 'ON').length
		).toBeGreaterThan(0);
		const diagnostics = received.findLast(({ topic }) => topic === `${TOPIC}/diagnostics`);
		expect(JSON.parse(diagnostics?.text ?? '{}')).toMatchObject({
			source: 'mjpeg:/streams/counted/mjpeg',
			paused: false
		});
		await late.client.endAsync(true);
	});

	it('the password appears nowhere, and the security policy was kept', async () => {
		expect([page.url(), ...said, ...problems].join('\n')).not.toContain(BROKER_LOGIN.password);
		expect(received.map(({ text }) => text).join('\n')).not.toContain(BROKER_LOGIN.password);
		expect(problems.filter((text) => !/WebSocket connection|Failed to load resource|ERR_/.test(text))).toEqual([]);
		await context.close();
	});
});
