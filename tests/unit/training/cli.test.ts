/** A model's path from data to page, by the commands themselves, on 60 generated rows. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import h5wasm from 'h5wasm/node';
import sharp from 'sharp';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { fetchManifest, loadClassifier } from '../../../src/lib/worker/loader';
import { createRandom } from '../../../training/lib/random';
import type { Result } from '../../../training/commands/results';
import { bundle } from '../../../training/lib/workers';
import { readManifest } from '../../../training/ship/manifest';
import { temporaryFolder } from './temporary-folder';

const dir = temporaryFolder();

/** Bundled as `npm run build:trainer` does. */
const trainer = bundle('training/cli.ts');
const cache = path.join(dir, 'cache');
const data = path.join(dir, 'fer2013.csv');
const results = path.join(dir, 'results');
const out = path.join(dir, 'models');
const runDir = path.join(cache, 'runs', 'cnn-features-seed1');
const TRAIN = [
	...['train', 'cnn', '--recipe', 'features', '--data', data, '--backend', 'wasm', '--replicas', '1'],
	...['--epochs', '2', '--batch-size', '8', '--checkpoint-minutes', '1']
];

/** Faces of blocks; happy ones are light, all others dark, so that there is something to learn. Two thirds train. */
function writeRows(file: string, count: number): void {
	const random = createRandom(3);
	const lines = Array.from({ length: count }, (_, row) => {
		const label = row % 7;
		const base = label === 3 ? 160 : 20;
		const blocks = Array.from({ length: 64 }, () => Math.floor(base + random() * 80));
		const pixels = Array.from({ length: 2304 }, (__, i) => blocks[Math.floor(i / 288) * 8 + Math.floor((i % 48) / 6)]);
		const usage = row < (count * 4) / 6 ? 'Training' : row < (count * 5) / 6 ? 'PublicTest' : 'PrivateTest';
		return `${String(label)},${pixels.join(' ')},${usage}`;
	});
	writeFileSync(file, `emotion,pixels,Usage\n${lines.join('\n')}\n`);
}

interface Answer {
	readonly code: number | null;
	readonly printed: string;
}

/** Runs a command to its end, or kills it once `until` is true; there is no git in its path. */
async function run(args: readonly string[], until?: () => boolean, program = trainer): Promise<Answer> {
	const child = spawn(process.execPath, [program, ...args], {
		env: { ...process.env, PATH: dir, MIEN_CACHE: cache, MIEN_RESULTS: results }
	});
	let printed = '';
	for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (printed += String(text)));
	const watch = until && setInterval(() => until() && child.kill('SIGKILL'), 20);
	const code = await new Promise<number | null>((resolve) => child.on('exit', resolve));
	clearInterval(watch);
	return { code, printed };
}

/** A program that runs commands one after another and prints their answers as JSON. */
const MANY = `
const print = process.stdout.write.bind(process.stdout);
for (const stream of [process.stdout, process.stderr]) stream.setMaxListeners(0);
const [, , trainer, commands] = process.argv;
const answers = [];
for (const [index, args] of JSON.parse(commands).entries()) {
	let printed = '';
	for (const stream of [process.stdout, process.stderr]) stream.write = (text) => ((printed += text), true);
	process.argv.splice(2, Infinity, ...args);
	process.exitCode = undefined;
	await import(trainer + '?' + index);
	answers.push({ code: process.exitCode, printed });
}
process.exitCode = 0;
print(JSON.stringify(answers));
`;

/** The same for several commands that are refused, in one process, as starting one takes longer. */
async function runMany(commands: readonly (readonly string[])[]): Promise<Answer[]> {
	const program = path.join(dir, 'many.mjs');
	writeFileSync(program, MANY);
	const { printed } = await run([pathToFileURL(trainer).href, JSON.stringify(commands)], undefined, program);
	return JSON.parse(printed) as Answer[];
}

const filesOf = (folder: string): string[] =>
	readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => {
		const { mtimeMs, size } = statSync(path.join(folder, name));
		return `${name} ${String(mtimeMs)} ${String(size)}`;
	});

beforeAll(() => {
	writeRows(data, 60);
});

it(
	'the trainer prepares, trains, is killed, resumes, exports, evaluates and loads as the page does',
	{ timeout: 600_000 },
	async () => {
		const shipped = filesOf('static/models');
		expect((await run(['prepare', '--data', data])).printed).toContain('60 pictures are ready');

		const checkpoint = path.join(runDir, 'checkpoint.bin');
		const killed = await run(TRAIN, () => existsSync(checkpoint));
		expect(killed.code).toBeNull();
		const trained = await run(TRAIN);
		expect(trained.printed).toMatch(/Continuing from step [1-9]/);
		expect(trained.code).toBe(0);
		expect(readFileSync(path.join(runDir, 'log.jsonl'), 'utf8').trim().split('\n')).toHaveLength(2);
		const result = JSON.parse(readFileSync(path.join(results, 'train-cnn-features-seed1.json'), 'utf8')) as Result<{
			history: unknown[];
			kept: { n: number; accuracy: number; interval: { low: number; high: number } };
		}>;
		expect(trained.printed).toContain('Now: npm run export -- cnn --recipe features --data FILE --out DIR');
		expect(result).toMatchObject({
			commit: 'unknown',
			command: expect.stringMatching(/^npm run train -- cnn /) as string
		});
		expect(result.data).toMatch(/^[0-9a-f]{64}$/);
		expect(result.figures.history).toHaveLength(2);
		const { kept } = result.figures;
		expect(kept.n).toBe(10);
		expect(kept.interval.low).toBeLessThanOrEqual(kept.accuracy);
		expect(kept.interval.high).toBeGreaterThanOrEqual(kept.accuracy);

		const ofRun = await run(['evaluate', '--run', 'cnn/features', '--data', data]);
		expect(ofRun.printed).toMatch(/run features with seed 1 on public, 10 pictures[\s\S]*accuracy \d+\.\d+ % \(95 %/);
		expect((await run(['evaluate', '--run', 'cnn/features', '--data', data, '--split', 'private'])).printed).toContain(
			'--final'
		);

		const exported = await run(['export', 'cnn', '--recipe', 'features', '--data', data, '--out', out]);
		expect(exported.code).toBe(0);
		expect(exported.printed).not.toContain('private');
		const intoFile = await run(['export', 'cnn', '--recipe', 'features', '--data', data, '--out', data]);
		expect(intoFile.printed).toMatch(/^ENOTDIR: not a directory[^\n]*\n$/);
		const report = readFileSync(path.join(out, 'cnn', 'report.json'), 'utf8');
		expect(report).toContain('"public"');
		expect(report).not.toContain('"private"');
		const final = [
			['measure', 'cnn'],
			['export', 'cnn', '--recipe', 'features']
		];
		for (const refused of await runMany(final.map((command) => [...command, '--data', data]))) {
			expect(refused.printed).toContain('--final');
			expect(refused.code).toBe(1);
		}
		const [entryBefore] = readManifest(out).models;
		const repacked = await run(['export', 'cnn', '--shipped', '--out', out, '--data', data]);
		expect(repacked.printed).toMatch(/Stored in (steps of 0\.\d of|float16)/);
		const [entryAfter] = readManifest(out).models;
		expect({ ...entryAfter?.trained, precision: '' }).toEqual({ ...entryBefore?.trained, precision: '' });
		const again = await run(['evaluate', 'cnn', '--models', out, '--data', data]);
		const accuracy = (text: string) => /accuracy (\d+\.\d+) %/.exec(text)?.[1];
		expect(accuracy(again.printed)).toBeDefined();
		expect(readdirSync(out).sort()).toEqual(['blazeface', 'blazeface-full', 'cnn', 'index.json']);
		// What ships is unchanged: none of these commands writes there.
		expect(filesOf('static/models')).toEqual(shipped);

		const server = createServer((request, response) => {
			response.end(readFileSync(path.join(out, new URL(request.url ?? '', 'http://localhost').pathname)));
		}).listen(0);
		try {
			await tf.setBackend('cpu');
			const url = `http://localhost:${String((server.address() as AddressInfo).port)}/index.json`;
			const [entry] = (await fetchManifest(url)).models;
			if (!entry) throw new Error('The manifest has no model.');
			expect(entry.trained.commit).toBe('unknown');
			expect(entry.trained.recipe).toMatch(/^features, seed 1, epoch [12] of 9$/);
			const tools = { tell: () => undefined, exclusively: <T>(task: () => Promise<T>) => task() };
			const classifier = await loadClassifier(entry, url, tools);
			const [scores = []] = await classifier.classify(new Float32Array(48 * 48), 1);
			expect(scores.reduce((sum, score) => sum + score, 0)).toBeCloseTo(1, 5);
		} finally {
			server.close();
		}
	}
);

const REFUSALS = [
	['no command', ['--help'], 0, /^Usage:/],
	['a command and -h', ['train', '-h'], 0, /^Usage:/],
	['an unknown command', ['trian'], 2, /^Usage:/],
	['an unknown option', ['train', 'cnn', '--epoch', '3'], 1, /^Unknown option '--epoch'.*npm run train -- --help\n$/],
	['two models', ['train', 'cnn', 'mien', '--data', data], 1, /^Name one of cnn, mien/],
	[
		'few rows',
		['train', 'cnn', '--recipe', 'features', '--seed', '9', '--data', data],
		1,
		/40 pictures.*features.*--batch-size/
	],
	[
		'few rows for what comes first',
		['train', 'cnn', '--seed', '9', '--fresh', '--data', data],
		1,
		/40 pictures[^]*flags are those of cnn by best\. By itself: npm run train -- cnn --recipe features --seed 9\n$/
	],
	['a folder for a file', ['train', 'cnn', '--data', dir], 1, /is a folder. --data takes/],
	['--by without a folder', ['evaluate', 'cnn', '--data', data, '--by', 'x'], 1, /^--by goes with --folder/],
	['--seed without a run', ['evaluate', 'cnn', '--data', data, '--seed', '2'], 1, /^--seed goes with --run/],
	['no name of a result', ['evaluate', 'cnn', '--data', data, '--save', 'My figures'], 1, /^--save takes lower-case/],
	[
		'an empty number',
		['train', 'cnn', '--data', data, '--seed='],
		1,
		/^--seed takes a whole number of at least 0, not ""/
	],
	[
		'a number below zero',
		['train', 'cnn', '--seed', '-1'],
		1,
		/'--seed=-XYZ'\. All options: npm run train -- --help\n$/
	],
	['no recipe', ['evaluate', '--run', 'cnn/best/2', '--data', data], 1, /^cnn has no recipe "best\/2"/],
	['no file', ['study', 'crop-survey', '--data', 'none.csv'], 1, /^There is no file/]
] as const;

describe('the trainer says what to do when given', () => {
	let answers: readonly Answer[] = [];
	beforeAll(async () => {
		answers = await runMany(REFUSALS.map(([, args]) => args));
	});

	it.each(REFUSALS.map(([given, , code, printed], index) => ({ given, code, printed, index })))(
		'$given',
		({ code, printed, index }) => {
			const answer = answers[index];
			expect(answer?.printed).toMatch(printed);
			expect(answer?.printed).not.toContain('    at ');
			expect(answer?.code).toBe(code);
		}
	);
});

it('the trainer prints nothing but JSON when asked for it, and its remarks beside it', async () => {
	const folder = path.join(dir, 'faces');
	for (const name of ['happy/face.png', 'happy/broken.png', 'holiday/beach.png']) {
		mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
		const picture = sharp({ create: { width: 48, height: 48, channels: 3, background: 'grey' } }).png();
		writeFileSync(path.join(folder, name), name.includes('broken') ? 'no picture' : await picture.toBuffer());
	}
	const args = ['evaluate', 'mien', '--folder', folder, '--json', '--save', 'faces'];
	const child = spawn(process.execPath, [trainer, ...args], { env: { ...process.env, MIEN_RESULTS: results } });
	let [output, remarks] = ['', ''];
	child.stdout.on('data', (text: Buffer) => (output += String(text)));
	child.stderr.on('data', (text: Buffer) => (remarks += String(text)));
	expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);
	const figures = output.trim().split('\n');
	expect(figures.map((line) => (JSON.parse(line) as { n: number }).n)).toEqual([1, 1]);
	for (const remark of ['holiday', 'broken.png', 'Figures saved']) expect(remarks).toContain(remark);
});

it('the trainer ends silently if nobody reads its output, as when piped into head', async () => {
	const child = spawn(process.execPath, [trainer, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
	child.stdout.destroy();
	let errors = '';
	child.stderr.on('data', (text: Buffer) => (errors += String(text)));
	await new Promise((resolve) => child.on('close', resolve));
	expect(errors).toBe('');
});

/** Resolves once `printed` gives this text. */
const prints = (printed: () => string, text: RegExp) =>
	vi.waitFor(() => expect(printed()).toMatch(text), { timeout: 300_000, interval: 50 });

it.skipIf(process.platform === 'win32').each([
	['npm ends, whose shell passes no signal on', '4', (shell: number): boolean => process.kill(shell, 'SIGTERM')],
	['its terminal is closed', '7', (shell: number): boolean => process.kill(-shell, 'SIGHUP')]
] as const)('the trainer saves its work and ends when %s', { timeout: 600_000 }, async (_, seed, end) => {
	const args = [...TRAIN.map((arg) => (arg === '2' ? '9' : arg)), '--seed', seed];
	const child = spawn('sh', ['-c', '"$0" "$@"; true', process.execPath, trainer, ...args], {
		env: { ...process.env, MIEN_CACHE: cache, MIEN_RESULTS: results, npm_lifecycle_event: 'train' },
		detached: true
	});
	try {
		let printed = '';
		for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (printed += String(text)));
		await prints(() => printed, /^epoch 1 /m);
		end(child.pid ?? NaN);
		await prints(() => printed, /Stopped with a checkpoint/);
		expect(printed).not.toContain('epoch 9 ');
	} finally {
		try {
			process.kill(-(child.pid ?? NaN), 'SIGKILL');
		} catch {
			// All have ended.
		}
	}
});

it('the trainer says how to get back the weights of a run that are lost or damaged', async () => {
	const lost = path.join(cache, 'runs', 'cnn-features-seed5');
	mkdirSync(lost, { recursive: true });
	const log = path.join(lost, 'log.jsonl');
	writeFileSync(log, `${JSON.stringify({ epoch: 0, validation: { loss: 1, accuracy: 0.5 } })}\n`);
	const ofRun = ['evaluate', '--run', 'cnn/features', '--seed', '5', '--data', data];
	const again = /npm run train -- cnn --recipe features --seed 5 --fresh\n$/;
	const missing = await run(ofRun);
	writeFileSync(path.join(lost, 'best.bin'), 'cut short');
	const damaged = await run(ofRun);
	expect(missing.printed).toMatch(/^\S+best\.bin is missing/);
	expect(damaged.printed).toMatch(/^The checkpoint \S+best\.bin is damaged/);
	for (const { code, printed } of [missing, damaged]) {
		expect(code).toBe(1);
		expect(printed).toMatch(again);
	}
	// `best` starts from `features`, whose log says whether it is finished.
	writeFileSync(log, '{"epoch":');
	const unreadable = await run(['train', 'cnn', '--seed', '5', '--data', data, '--backend', 'wasm']);
	expect(unreadable.printed).toMatch(/^\S+log\.jsonl is damaged\. The npm run train [^\n]*\n$/);
});

it('the commands of the trainer run directly under npm, as it would not pass signals on through another npm', () => {
	const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
	const commands = ['train', 'evaluate', 'export', 'measure', 'prepare:data', 'tables', 'study'];
	for (const name of commands) expect(scripts[name]).toMatch(/&& node node_modules\/\.cache\/mien-trainer\.mjs \w+$/);
});

/** VGG16's convolutions as Keras writes them, with random kernels that keep the scale of activations. */
async function writeVgg16(file: string): Promise<void> {
	await h5wasm.ready;
	const opened = new h5wasm.File(file, 'w');
	const random = createRandom(9);
	const widths = [64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512];
	const names = widths.map((_, index) => `conv${String(index + 1)}`);
	opened.create_attribute('layer_names', names);
	for (const [index, name] of names.entries()) {
		const [inputs, outputs] = [widths[index - 1] ?? 3, widths[index] ?? 0];
		const reach = Math.sqrt(6 / (9 * inputs));
		const data = Float32Array.from({ length: 9 * inputs * outputs }, () => (2 * random() - 1) * reach);
		const group = opened.create_group(name);
		group.create_attribute('weight_names', [`${name}_W_1:0`, `${name}_b_1:0`]);
		group.create_dataset({ name: `${name}_W_1:0`, data, shape: [3, 3, inputs, outputs], dtype: '<f4' });
		group.create_dataset({ name: `${name}_b_1:0`, data: new Float32Array(outputs), shape: [outputs], dtype: '<f4' });
	}
	opened.close();
}

it("the trainer trains the paper's head on features of an .h5 file, and joins both", { timeout: 600_000 }, async () => {
	const file = path.join(dir, 'vgg16.h5');
	await writeVgg16(file);
	const few = path.join(dir, 'few.csv');
	writeRows(few, 24);
	const trained = await run([
		...['train', 'vgg16', '--recipe', 'paper', '--base', file, '--data', few, '--backend', 'wasm'],
		...['--epochs', '2', '--batch-size', '8']
	]);
	expect(trained.printed).toMatch(/epoch 2 \(48 px\)/);
	expect(trained.code).toBe(0);
	const folder = path.join(dir, 'vgg16-models');
	const exported = await run(['export', 'vgg16', '--recipe', 'paper', '--data', few, '--out', folder]);
	expect(exported.printed).toContain('15440839 parameters');
	const manifest = readFileSync(path.join(folder, 'index.json'), 'utf8');
	expect(manifest).toContain(`"base": "${path.basename(dir)}/vgg16.h5, sha256 `);
	const evaluated = await run(['evaluate', 'vgg16', '--models', folder, '--data', few]);
	expect(evaluated.printed).toMatch(/accuracy \d+\.\d+ % \(95 %/);
});
