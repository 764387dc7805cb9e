/** Fetches a model's files, checks them against the manifest, and reads them as a network. */
import type { NetworkDescription } from '../core/network/description';
import { asGraphModel, readGraphModel } from '../core/network/graph-model';
import { AppError } from '../errors';
import type { ModelFiles } from '../manifest';
import { fetchBytes, nameOf, parseJson } from './fetch-file';
import { sha256 } from './sha256';

/**
 * The network of an entry. Its addresses contain hashes, so a cached copy is used unchecked, and only fetched again if
 * it turns out to be damaged. `onBytes` is called with the bytes of every piece that arrives. Throws AppError
 * 'model-unreachable' if a file cannot be loaded, 'model-invalid' if it is not what the manifest describes.
 */
export async function fetchModel(
	entry: ModelFiles,
	manifestUrl: string,
	onBytes: (bytes: number) => void
): Promise<NetworkDescription> {
	const absolute = (each: string): string => new URL(each, manifestUrl).href;
	const url = absolute(entry.url);
	const fetches = [
		fetchWhole([url], entry.sha256, onBytes),
		fetchWhole(entry.weightsUrls.map(absolute), entry.weightsSha256, onBytes)
	] as const;
	// Waits for both to end, so that no bytes are reported after a failure.
	await Promise.allSettled(fetches);
	const [json, weights] = await Promise.all(fetches);
	const topology = parseJson(json, url, 'model-invalid');
	try {
		return readGraphModel(asGraphModel(topology), weights);
	} catch (error) {
		throw new AppError('model-invalid', `${nameOf(url)}: ${String(error)}`, error);
	}
}

/** The concatenated files, whose hash must be `expected`. */
async function fetchWhole(
	urls: readonly string[],
	expected: string,
	onBytes: (bytes: number) => void
): Promise<Uint8Array<ArrayBuffer>> {
	const load = async (cache: RequestCache): Promise<Uint8Array<ArrayBuffer>> => {
		const fetches = urls.map((url) => fetchBytes(url, { unreachable: 'model-unreachable', cache, onBytes }));
		await Promise.allSettled(fetches);
		return joined(await Promise.all(fetches));
	};
	const bytes = await load('default');
	if ((await sha256(bytes)) === expected) return bytes;
	const again = await load('reload');
	const found = await sha256(again);
	if (found === expected) return again;
	const what = `expected SHA-256 ${expected} but found ${found}`;
	const said = `${urls.map(nameOf).join(', ')}: not the file that is listed.`;
	throw new AppError('model-invalid', `${urls.join(', ')}: ${what}`, undefined, said);
}

function joined(parts: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
	const [first, ...others] = parts;
	if (first !== undefined && others.length === 0) return first;
	const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
	let at = 0;
	for (const part of parts) {
		whole.set(part, at);
		at += part.length;
	}
	return whole;
}
