/** Unpacks the pictures in an archive one after another, within limits on their number and size. */
import { AppError } from '../errors';
import { openArchive } from './archives';
import { isArchiveName, isPictureName } from './names';

export interface UnpackedPicture {
	/** With the archive and its folders: "photos.zip/party/1.jpg". */
	readonly name: string;
	readonly file: Blob;
}

export interface UnpackLimits {
	readonly pictures: number;
	readonly bytesOfOne: number;
	/**
	 * An archive may unpack to this many times its size, plus `bytesBeyond`: pictures hardly shrink, but zip bombs do.
	 */
	readonly timesItsSize: number;
	readonly bytesBeyond: number;
}

const MB = 1024 * 1024;
const LIMITS: UnpackLimits = { pictures: 5000, bytesOfOne: 256 * MB, timesItsSize: 4, bytesBeyond: 256 * MB };

/**
 * Passes each picture of an archive (ZIP, tar, gzip) to `onPicture`, and returns the number of other files, which are
 * skipped, and of damaged pictures. Throws AppError 'archive-unreadable', which says why and how many came before; the
 * reason of `signal` if that aborts.
 */
export async function unpackPictures(
	name: string,
	archive: Blob,
	onPicture: (picture: UnpackedPicture) => void,
	signal: AbortSignal,
	limits: UnpackLimits = LIMITS
): Promise<{ readonly others: number; readonly damaged: number }> {
	let pictures = 0;
	let others = 0;
	let damaged = 0;
	let bytes = 0;
	const mostBytes = archive.size * limits.timesItsSize + limits.bytesBeyond;
	const so = (): string => (pictures === 0 ? 'None of its pictures was added.' : `Its first ${pictures} were added.`);
	const tooLarge = (what: string): AppError =>
		new AppError('archive-unreadable', `${name}: ${what}`, undefined, `${name}: ${what}. ${so()}`);
	const checkBytes = (unpacked: number): void => {
		if (unpacked > mostBytes) throw tooLarge(`more than ${Math.round(mostBytes / MB)} MB`);
	};
	const visit = {
		onBytes: () => signal.throwIfAborted(),
		onUnpacked: (done: number) => {
			signal.throwIfAborted();
			checkBytes(done);
		},
		onDamaged: () => {
			damaged++;
		},
		wants: (inner: string) => {
			if (isPictureName(inner) || isArchiveName(inner)) return true;
			others++;
			return false;
		}
	};
	try {
		for await (const inner of openArchive(name, archive, visit)) {
			signal.throwIfAborted();
			// For a lone gzip file, `wants` was not asked.
			if (!isPictureName(inner.name)) {
				others++;
				continue;
			}
			if (pictures === limits.pictures) throw tooLarge(`more than ${limits.pictures.toLocaleString('en')} pictures`);
			const parts: Uint8Array<ArrayBuffer>[] = [];
			let own = 0;
			try {
				for await (const piece of inner.pieces) {
					signal.throwIfAborted();
					own += piece.length;
					bytes += piece.length;
					if (own > limits.bytesOfOne) throw tooLarge(`a picture of more than ${limits.bytesOfOne / MB} MB`);
					checkBytes(bytes);
					parts.push(piece);
				}
			} catch (thrown) {
				// The other files of a ZIP can still be read; for tar and gzip the next step will fail.
				if (thrown instanceof AppError || signal.aborted) throw thrown;
				damaged++;
				continue;
			}
			pictures++;
			onPicture({ name: inner.name, file: new Blob(parts) });
		}
	} catch (thrown) {
		signal.throwIfAborted();
		if (thrown instanceof AppError) throw thrown;
		const message = thrown instanceof Error ? thrown.message : String(thrown);
		throw new AppError('archive-unreadable', message, thrown, `${message.replace(/\.$/, '')}. ${so()}`);
	}
	if (pictures === 0 && damaged > 0)
		throw new AppError('archive-unreadable', `${name}: all damaged`, undefined, `${name}: its pictures are damaged.`);
	if (pictures === 0) {
		const said = `${name} holds no pictures, but ${others === 1 ? 'one other file' : `${others} other files`}.`;
		throw new AppError('archive-unreadable', `${name}: no picture`, undefined, said);
	}
	return { others, damaged };
}
