/** Pictures in an archive: unpacked one after another, within limits on their number and their size. */
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
	/** So many times its own size, and `bytesBeyond`: pictures hardly shrink, what is made to fill memory does. */
	readonly timesItsSize: number;
	readonly bytesBeyond: number;
}

const MB = 1024 * 1024;
const LIMITS: UnpackLimits = { pictures: 5000, bytesOfOne: 256 * MB, timesItsSize: 4, bytesBeyond: 256 * MB };

/**
 * Hands each picture of an archive (ZIP, tar, gzip) to `onPicture`, and gives the number of its other files, which are
 * left out, and of those pictures that are damaged. Throws AppError 'archive-unreadable', which says
 * why and how many came before; the reason of `signal` where that aborts.
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
	const so = (): string => (pictures === 0 ? 'None of its pictures came out.' : `Its first ${pictures} were added.`);
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
			// What a lone gzip file holds was not asked for.
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
				// Of a ZIP the others can be read all the same; of tar and gzip the next step tells.
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
