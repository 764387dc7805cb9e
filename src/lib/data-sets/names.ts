/** Kinds of files, judged by their names. */

const TABLE = /\.(csv|tsv|gz|tgz|tar|zip)$/i;
const PICTURE = /\.(jpe?g|jfif|png|webp|avif|bmp|gif|tiff?|heic|heif|jxl|svg|ico)$/i;
const ARCHIVE = /\.(zip|tar|tgz|gz|cbz|rar|7z|xz|txz|bz2|tbz2?|zst|cbr)$/i;
const FILM = /\.(mp4|m4v|mov|webm|mkv|avi|mpe?g|mts|m2ts?|3gp|wmv|flv|ogv)$/i;
const SOUND = /\.(mp3|m4a|wav|ogg|oga|opus|flac|aac|wma|aiff?)$/i;

/** Whether a file can be one of FER2013's tables, or an archive of it. */
export function isTableName(name: string): boolean {
	return TABLE.test(name);
}

export function isPictureName(name: string): boolean {
	return PICTURE.test(name);
}

/** Archives, including those that cannot be opened here. */
export function isArchiveName(name: string): boolean {
	return ARCHIVE.test(name);
}

export function isFilmName(name: string): boolean {
	return FILM.test(name);
}

export function isSoundName(name: string): boolean {
	return SOUND.test(name);
}

/** What programs and systems leave in folders and archives. */
const CLUTTER = /(^|\/)(__MACOSX\/|\._|\.DS_Store$|Thumbs\.db$)/;

/** Whether nobody means a file by choosing what is around it. */
export function isClutter(path: string): boolean {
	return CLUTTER.test(path);
}
