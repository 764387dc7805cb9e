import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/lib/errors';
import { type Manifest, parseManifest } from '../../src/lib/manifest';
import { generator } from '../random';

const HASH = '0123456789abcdef'.repeat(4);

function validManifest() {
	const metrics = { n: 3589, accuracy: 0.62, macroF1: 0.6, perClass: [0.5, 1] };
	const model = {
		id: 'mien',
		title: 'Mien',
		purpose: 'for tests',
		url: 'mien/model.json',
		weightsUrls: ['mien/weights.bin'],
		bytes: 1000,
		sha256: HASH,
		weightsSha256: HASH,
		parameters: 400,
		multiplyAdds: 4000,
		labels: ['happy', 'sad'],
		input: { size: 48, channels: 1, range: [-1, 1], crop: { scale: 1.2, shift: [0, -0.05], align: true } },
		temperature: 1.1,
		metrics: { private: metrics },
		trained: { date: '2026-11-23', commit: 'abc', recipe: 'sgd', backend: 'wasm', base: 'scratch' }
	};
	const detector = {
		id: 'blazeface',
		title: 'BlazeFace',
		url: 'blazeface/model.json',
		weightsUrls: ['blazeface/weights.bin'],
		bytes: 2000,
		sha256: HASH,
		weightsSha256: HASH,
		inputSize: 128
	};
	const farDetector = { ...detector, id: 'blazeface-full', url: 'blazeface-full/model.json', inputSize: 192 };
	return { schema: 1, default: 'mien', detector, farDetector, models: [model] };
}

/** A valid manifest with the value at `path` replaced (undefined: removed). */
function withValue(path: readonly (string | number)[], value: unknown): unknown {
	const manifest: unknown = validManifest();
	let target = manifest as Record<string | number, unknown>;
	for (const key of path.slice(0, -1)) target = target[key] as Record<string | number, unknown>;
	target[path.at(-1) ?? ''] = value;
	return JSON.parse(JSON.stringify(manifest));
}

function messageOf(value: unknown): string {
	try {
		parseManifest(value);
	} catch (error) {
		if (!(error instanceof AppError)) throw error;
		expect(error.code).toBe('manifest-invalid');
		return error.message;
	}
	return 'accepted';
}

describe('parseManifest', () => {
	it('returns a valid manifest unchanged', () => {
		expect(parseManifest(validManifest())).toEqual(validManifest());
	});

	it('says where, what was expected and what was found', () => {
		expect(messageOf(withValue(['models', 0, 'labels', 1], 7))).toBe(
			'models.0.labels.1: Invalid type: Expected string but received 7'
		);
		expect(messageOf(withValue(['detector', 'url'], undefined))).toBe(
			'detector.url: Invalid key: Expected "url" but received undefined'
		);
		expect(messageOf(withValue(['detector', 'id'], 'Mien_1'))).toBe(
			'detector.id: Expected lower-case letters, digits and single hyphens but received "Mien_1"'
		);
		expect(messageOf(withValue(['default'], 'other'))).toBe(
			'default: Expected one of the models (mien) but received "other"'
		);
		expect(messageOf(withValue(['models', 0, 'metrics', 'private', 'perClass'], [1]))).toBe(
			'models.0.metrics.private.perClass: Expected 2 values, one per label, but received 1'
		);
		expect(messageOf(null)).toContain('manifest: ');
		expect(messageOf('<!doctype html>')).toContain('received "<!doctype html>"');
	});

	it.each([
		[['schema'], 2],
		[['models'], []],
		[
			['models', 0, 'labels'],
			['sad', 'sad']
		],
		[
			['models', 0, 'labels'],
			['sad', '']
		],
		[['models', 0, 'labels'], ['sad']],
		[['models', 0, 'sha256'], HASH.slice(1)],
		[['models', 0, 'weightsUrls'], []],
		[['models', 0, 'weightsUrls'], ['../weights.bin']],
		[['models', 0, 'weightsSha256'], HASH.slice(1)],
		[['models', 0, 'sha256'], HASH.replace('a', 'g')],
		[['models', 0, 'bytes'], 10.5],
		[['models', 0, 'bytes'], 0],
		[['models', 0, 'input', 'size'], 0],
		[['models', 0, 'input', 'size'], 1025],
		[['models', 0, 'input', 'channels'], 2],
		[
			['models', 0, 'input', 'range'],
			[1, 1]
		],
		[
			['models', 0, 'input', 'range'],
			[0, 1, 2]
		],
		[['models', 0, 'input', 'crop', 'scale'], 0],
		[['models', 0, 'input', 'crop', 'shift'], [0]],
		[['models', 0, 'input', 'crop', 'align'], 'yes'],
		[['models', 0, 'input', 'crop', 'scale'], 11],
		[['models', 0, 'input', 'crop', 'tilt'], -5],
		[['models', 0, 'input', 'crop', 'tilt'], 181],
		[['models', 0, 'input', 'leastContrast'], 0],
		[['models', 0, 'input', 'leastContrast'], 128],
		[['models', 0, 'temperature'], 0],
		[['models', 0, 'priorRatio'], { photo: [1, 1001], live: [1, 1] }],
		[
			['models', 0, 'biases'],
			[0, -101]
		],
		[
			['models', 0, 'biases'],
			[101, 0]
		],
		[
			['models', 0, 'metrics', 'private', 'perClass'],
			[0.5, 50]
		],
		[['models', 0, 'trained', 'minutes'], 0],
		[['models', 0, 'trained', 'date'], '2026-11-23x'],
		[['models', 0, 'trained', 'teachers'], ['No Id']],
		[['models', 0, 'priorRatio'], { photo: [1, 1], live: [1, 0] }],
		[['models', 0, 'priorRatio'], { photo: [1, 1] }],
		[['models', 0, 'priorRatio'], { photo: [1], live: [1, 1] }],
		[['models', 0, 'priorRatio'], { photo: [1, 1], live: [1, 1, 1] }],
		[['models', 0, 'biases'], [0.1]],
		[
			['models', 0, 'biases'],
			[0, 'much']
		],
		[['models', 0, 'unsureBelow'], 60],
		[['models', 0, 'metrics', 'private', 'accuracy'], 62],
		[['models', 0, 'metrics', 'private', 'n'], 0],
		[['models', 0, 'trained', 'date'], 'yesterday'],
		[['models', 0, 'title'], '']
	])('refuses %j = %j', (path, value) => {
		const message = messageOf(withValue(path, value));
		expect(message).toContain(path.filter((key) => key !== 'perClass').join('.'));
		expect(message).toMatch(/Expected/);
	});

	it.each([
		'../mien/model.json',
		'mien/../../x.json',
		'/mien/model.json',
		'https://host/model.json',
		'//host/x',
		'a\\b'
	])('refuses the address %s', (url) => {
		expect(messageOf(withValue(['models', 0, 'url'], url))).toContain('models.0.url: Expected a relative address');
	});

	it('refuses two models with the same id', () => {
		const manifest = validManifest();
		expect(messageOf({ ...manifest, models: [...manifest.models, ...manifest.models] })).toBe(
			'models: Expected ids that differ but found "mien" twice'
		);
	});

	describe('the average with the mirror image', () => {
		const mirrored = { temperature: 1, metrics: {} };
		const withMirror = (more: object) => withValue(['models', 0, 'mirrored'], { ...mirrored, ...more });

		it('may be missing', () => {
			expect(parseManifest(validManifest()).models[0]?.mirrored).toBeUndefined();
			expect(parseManifest(withMirror({})).models[0]?.mirrored).toEqual(mirrored);
		});

		it('has one value per label', () => {
			const metricsOf = (...perClass: number[]) => ({ public: { n: 10, accuracy: 0.5, macroF1: 0.5, perClass } });
			expect(messageOf(withMirror({ biases: [1, 2], metrics: metricsOf(0.5, 0.6) }))).toBe('accepted');
			expect(messageOf(withMirror({ biases: [1] }))).toBe(
				'models.0.mirrored.biases: Expected 2 values, one per label, but received 1'
			);
			expect(messageOf(withMirror({ metrics: metricsOf(0.5) }))).toBe(
				'models.0.mirrored.metrics.public.perClass: Expected 2 values, one per label, but received 1'
			);
		});

		it('takes up an id that no other model may have', () => {
			const [first] = validManifest().models;
			const models = [
				{ ...first, mirrored },
				{ ...first, id: 'mien-mirrored' }
			];
			expect(messageOf({ ...validManifest(), models })).toContain('Expected ids that differ but found "mien-mirrored"');
		});
	});

	it('lists the first five faults and counts the rest', () => {
		const message = messageOf({ schema: 1, default: 'mien', detector: {}, models: [{}] });
		expect(message.split('; ')).toHaveLength(6);
		expect(message).toMatch(/and \d+ more$/);
	});
});

describe('a manifest that was tampered with', () => {
	const HOSTILE: readonly unknown[] = [
		...[null, true, 0, -1, 0.5, 1e308, -1e308, '', 'x', '../../x', 'https://elsewhere.example/x', '//x', 'a\u0000b'],
		...[
			'x'.repeat(200_000),
			[],
			{},
			[[[[]]]],
			Array.from({ length: 5000 }, () => 0),
			{ length: 9 },
			['happy', 'happy']
		],
		...[
			{ toString: 1, valueOf: 2 },
			JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": 1}}') as unknown
		]
	];

	/** Every place in a value, as a path. */
	function paths(value: unknown, path: readonly string[] = []): (readonly string[])[] {
		if (typeof value !== 'object' || value === null) return [path];
		return [path, ...Object.entries(value).flatMap(([key, part]) => paths(part, [...path, key]))];
	}

	function meddled(random: () => number): unknown {
		const manifest: unknown = structuredClone(validManifest());
		for (let hit = 0; hit < 1 + random() * 3; hit++) {
			const all = paths(manifest).slice(1);
			const path = all[Math.floor(random() * all.length)] ?? [];
			let target = manifest as Record<string, unknown>;
			for (const key of path.slice(0, -1)) target = target[key] as Record<string, unknown>;
			const key = path.at(-1) ?? '';
			const kind = random();
			const { [key]: before } = target;
			if (kind < 0.15) Reflect.deleteProperty(target, key);
			else if (kind < 0.25 && Array.isArray(before)) before.push(...(structuredClone(before) as unknown[]));
			else target[key] = structuredClone(HOSTILE[Math.floor(random() * HOSTILE.length)]);
		}
		return manifest;
	}

	/** What the page relies on. */
	function expectSound({ models, default: first, detector, farDetector }: Manifest): void {
		expect(models.map(({ id }) => id)).toContain(first);
		for (const { labels, metrics, biases, input } of models) {
			expect(new Set(labels).size).toBe(labels.length);
			expect(labels.length).toBeGreaterThanOrEqual(2);
			expect(biases === undefined || biases.length === labels.length).toBe(true);
			for (const { perClass } of Object.values(metrics)) expect(perClass).toHaveLength(labels.length);
			expect([1, 3]).toContain(input.channels);
		}
		// Weights come from beside the manifest, never from another host.
		const base = 'https://mien.example/models/index.json';
		for (const { url } of [...models, detector, farDetector]) {
			expect(new URL(url, base).href.startsWith('https://mien.example/models/')).toBe(true);
		}
	}

	it('is refused with a short message or meets what the page relies on, in 2000 variants', () => {
		const random = generator(23);
		let refused = 0;
		for (let time = 0; time < 2000; time++) {
			const value = meddled(random);
			let message = 'accepted';
			try {
				expectSound(parseManifest(value));
			} catch (error) {
				if (!(error instanceof AppError)) throw error;
				expect(error.code).toBe('manifest-invalid');
				({ message } = error);
				refused++;
			}
			expect(message.length).toBeLessThan(3000);
		}
		expect(refused).toBeGreaterThan(1000);
		expect(refused).toBeLessThan(2000);
		expect('polluted' in {}).toBe(false);
	});
});
