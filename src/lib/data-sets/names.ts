/** What files are, as far as their names tell. */

const TABLE = /\.(csv|tsv|gz|tgz|tar|zip)$/i;
const PICTURE = /\.(jpe?g|png|webp|avif|bmp|gif|tiff?|heic)$/i;

/** Whether a file can be one of FER2013's tables, or an archive of it. */
export function isTableName(name: string): boolean {
	return TABLE.test(name);
}

export function isPictureName(name: string): boolean {
	return PICTURE.test(name);
}
