/** A model's file: fetched once, checked against the manifest, read as a network. */
import { readNetwork, type NetworkFile } from '../core/network/format';
import { AppError } from '../errors';
import type { DetectorEntry, ModelEntry } from '../manifest';
import { fetchBytes } from './fetch-file';
import { sha256 } from './sha256';

/**
 * The network of an entry. Its address has its hash, so a cached copy is taken unasked, and fetched again only where it
 * turns out damaged. `onBytes` is told the bytes of every piece that arrives. Throws AppError 'model-unreachable' where
 * the file cannot be had, 'model-invalid' where it is not what the manifest describes.
 */
export async function fetchModel(
	entry: ModelEntry | DetectorEntry,
	manifestUrl: string,
	onBytes: (bytes: number) => void
): Promise<NetworkFile> {
	const url = new URL(entry.url, manifestUrl).href;
	const load = (cache: RequestCache): Promise<Uint8Array<ArrayBuffer>> =>
		fetchBytes(url, { unreachable: 'model-unreachable', cache, onBytes });
	let bytes = await load('default');
	let found = await sha256(bytes);
	if (found !== entry.sha256) {
		bytes = await load('reload');
		found = await sha256(bytes);
	}
	if (found !== entry.sha256)
		throw new AppError('model-invalid', `${url}: expected SHA-256 ${entry.sha256} but found ${found}`);
	try {
		return readNetwork(bytes);
	} catch (error) {
		throw new AppError('model-invalid', `${url}: ${String(error)}`, error);
	}
}
