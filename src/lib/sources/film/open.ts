/** Opens a recording in the best way that this browser supports. */
import { AppError } from '../../errors';
import { NotDecodable, type FilmReader } from './film';
import { openPlayed } from './played';

/** Rejects with an AppError that says why the film cannot be read. */
export async function openFilm(file: Blob): Promise<FilmReader> {
	if (file.size === 0) throw new AppError('film-empty', 'no bytes');
	try {
		return await openBest(file);
	} catch (thrown) {
		if (!(thrown instanceof AppError) || thrown.code !== 'film-unreadable') throw thrown;
		const { whatItIs } = await import('./explain');
		throw new AppError(thrown.code, thrown.message, thrown, await whatItIs(file).catch(() => null));
	}
}

async function openBest(file: Blob): Promise<FilmReader> {
	if (typeof VideoDecoder === 'undefined') return openPlayed(file, null);
	// Large, and needed by this page alone.
	const { openDecoded } = await import('./decoded');
	try {
		return await openDecoded(file);
	} catch (thrown) {
		if (thrown instanceof NotDecodable) return openPlayed(file, thrown.reason);
		if (thrown instanceof AppError) throw thrown;
		const isGone = thrown instanceof DOMException && ['NotReadableError', 'NotFoundError'].includes(thrown.name);
		if (isGone) throw new AppError('film-gone', thrown.message, thrown);
		const message = thrown instanceof Error ? thrown.message : String(thrown);
		return openPlayed(file, new AppError('film-unreadable', message, thrown));
	}
}
