import { Duplex } from 'node:stream';
import { expect, it } from 'vitest';
import { AnswerStream } from '../../../src/server/answer';

/** What is read of an answer that arrives in these pieces, and the error it ends with. */
async function read(pieces: readonly string[]): Promise<{ text: string; error: string | null }> {
	const socket = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
	const answer = new AnswerStream(socket, false);
	let [text, error]: [string, string | null] = ['', null];
	answer.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
	answer.on('error', ({ message }) => (error = message));
	for (const piece of pieces) {
		socket.push(piece);
		await new Promise((resolve) => setImmediate(resolve));
	}
	return { text, error };
}

const HEAD = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

it.each([
	['a picture at a time', ['5\r\nfirst\r\n', '6\r\nsecond\r\n', '0\r\n\r\n']],
	['cut inside the line breaks', ['5\r\nfirst\r', '\n', '6', '\r\nsecond', '\r\n0\r\n\r\n']],
	['at once', ['5\r\nfirst\r\n6\r\nsecond\r\n0\r\n\r\n']]
])('a proxied answer passes chunks on as they come: %s', async (_, pieces) => {
	const { text, error } = await read([HEAD, ...pieces]);
	expect(error).toBeNull();
	expect(text.slice(text.indexOf('\r\n\r\n') + 4)).toMatch(/^5\r\nfirst\r\n6\r\nsecond\r\n0\r\n/);
});

it('a proxied answer breaks off at an invalid chunk size', async () => {
	expect((await read([HEAD, '5\r\nfirst\r\n', 'zz\r\nsecond'])).error).toContain('damaged');
});
