/** A model's two files: fetched once, checked against the manifest, read as a network. */
import type { NetworkDescription } from '../core/network/description';
import { asGraphModel, readGraphModel } from '../core/network/graph-model';
import { AppError } from '../errors';
import type { ModelFiles } from '../manifest';
import { fetchBytes, parseJson } from './fetch-file';
import { sha256 } from './sha256';

/**
 * The network of an entry. Its addresses have hashes, so a cached copy is taken unasked, and fetched again only where it
 * turns out damaged. `onBytes` is told the bytes of every piece that arrives. Throws AppError 'model-unreachable' where
 * a file cannot be had, 'model-invalid' where it is not what the manifest describes.
 */
export async function fetchModel(
	entry: ModelFiles,
	manifestUrl: string,
	onBytes: (bytes: number) => void
): Promise<NetworkDescription> {
	const [url, weightsUrl] = [entry.url, entry.weightsUrl].map((each) => new URL(each, manifestUrl).href) as [
		string,
		string
	];
	const fetches = [
		fetchWhole(url, entry.sha256, onBytes),
		fetchWhole(weightsUrl, entry.weightsSha256, onBytes)
	] as const;
	// Until both have ended: no bytes are told of after a failure.
	await Promise.allSettled(fetches);
	const [json, weights] = await Promise.all(fetches);
	const topology = parseJson(json, url, 'model-invalid');
	try {
		return readGraphModel(asGraphModel(topology), weights);
	} catch (error) {
		throw new AppError('model-invalid', `${url}: ${String(error)}`, error);
	}
}

async function fetchWhole(
	url: string,
	expected: string,
	onBytes: (bytes: number) => void
): Promise<Uint8Array<ArrayBuffer>> {
	const load = (cache: RequestCache): Promise<Uint8Array<ArrayBuffer>> =>
		fetchBytes(url, { unreachable: 'model-unreachable', cache, onBytes });
	const bytes = await load('default');
	if ((await sha256(bytes)) === expected) return bytes;
	const again = await load('reload');
	const found = await sha256(again);
	if (found === expected) return again;
	throw new AppError('model-invalid', `${url}: expected SHA-256 ${expected} but found ${found}`);
}
