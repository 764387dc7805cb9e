/** Iterates over a stream, which not every browser supports. Leaving early cancels it. */
export async function* piecesOf<T>(stream: ReadableStream<T>, failed?: Promise<never>): AsyncGenerator<T, undefined> {
	const reader = stream.getReader();
	let isAtEnd = false;
	try {
		for (;;) {
			const next = await (failed === undefined ? reader.read() : Promise.race([reader.read(), failed]));
			if (next.done) break;
			yield next.value;
		}
		isAtEnd = true;
	} finally {
		if (!isAtEnd) reader.cancel().catch(() => undefined);
	}
}
