import { expect, it } from 'vitest';
import { archive, safePath, type NamedFile } from '../../../src/lib/state/archive';

/** Names and bytes, found by the directory at the end of a ZIP (PKWARE APPNOTE 6.3.3). */
async function readZip(zip: Blob): Promise<[string, string][]> {
	const bytes = Buffer.from(await zip.arrayBuffer());
	const end = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
	let at = bytes.readUInt32LE(end + 16);
	return Array.from({ length: bytes.readUInt16LE(end + 10) }, () => {
		const [size, nameLength] = [bytes.readUInt32LE(at + 24), bytes.readUInt16LE(at + 28)];
		const rest = bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
		const local = bytes.readUInt32LE(at + 42);
		const name = bytes.toString('utf8', at + 46, at + 46 + nameLength);
		const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
		at += 46 + nameLength + rest;
		return [name, bytes.toString('utf8', start, start + size)] as [string, string];
	});
}

async function* files(...named: [string, string][]): AsyncGenerator<NamedFile> {
	for (const [name, text] of named) yield { name, data: await new Response(text).blob() };
}

it('an archive holds every file under its name, or under another if that is taken', async () => {
	const zip = await archive(
		files(
			['a.png', 'first'],
			['Ausflug/ä.png', 'second'],
			['a.png', 'third'],
			['a (2).png', '4'],
			['a.png', '5'],
			['b', '6'],
			['b', '7']
		)
	);
	expect(await readZip(zip)).toEqual([
		['a.png', 'first'],
		['Ausflug/ä.png', 'second'],
		['a (2).png', 'third'],
		['a (2) (2).png', '4'],
		['a (3).png', '5'],
		['b', '6'],
		['b (2)', '7']
	]);
});

it('an archive fails if its files do', async () => {
	const broken = async function* (): AsyncGenerator<NamedFile> {
		yield* files(['a.png', 'first']);
		throw new Error('no longer there');
	};
	await expect(archive(broken())).rejects.toThrow('no longer there');
});

it('an archive uses names that Windows and macOS can write, no two of them equal there', async () => {
	const names = [
		'IMG.jpg',
		'img.jpg',
		'a:b.jpg',
		'what?.jpg',
		'n\u0303.png',
		'\u00f1.png',
		'Straße.png',
		'STRASSE.png',
		'x',
		'x/y.png',
		'z/1.png',
		'Z'
	];
	const zip = await archive(files(...names.map((name): [string, string] => [name, name])));
	const entries = (await readZip(zip)).map(([name]) => name);
	expect(entries).toHaveLength(names.length);
	expect(new Set(entries.map((name) => name.normalize('NFC').toLowerCase())).size).toBe(names.length);
	expect(entries.filter((name) => /[<>:"\\|?*]/.test(name))).toEqual([]);
	// A file's name is not used as the folder of another.
	expect(
		entries.filter((name) => entries.some((other) => other.toLowerCase().startsWith(`${name.toLowerCase()}/`)))
	).toEqual([]);
});

it.each([
	['../../etc/passwd', 'etc/passwd'],
	['C:\\Users\\me\\a.png', 'C_/Users/me/a.png'],
	['/top/a.png', 'top/a.png'],
	['con.png', '_con.png'],
	['COM1', '_COM1'],
	['LPT¹.txt', '_LPT¹.txt'],
	['folder./a. ', 'folder/a'],
	['a\u202egnp.exe', 'a_gnp.exe'],
	['a\u0000b.png', 'a_b.png'],
	['...', '_'],
	['', '_'],
	[' ', '_']
])('writes %j as %j', (name, safe) => {
	expect(safePath(name)).toBe(safe);
});

it('an archive shortens names that are too long for Windows, keeping the extension', () => {
	const long = safePath(`${'folder/'.repeat(60)}${'ä'.repeat(400)}.jpeg`);
	expect(long.length).toBeLessThanOrEqual(160);
	expect(long.endsWith('ä.jpeg')).toBe(true);
	expect(safePath(`${'😀'.repeat(200)}.png`)).toMatch(/^(😀)+\.png$/u);
	for (const letter of ['照', 'م', '😀', 'ä'])
		expect(Buffer.byteLength(safePath(`${letter.repeat(99)}.png`)), letter).toBeLessThanOrEqual(143);
});
