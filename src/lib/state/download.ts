/** Hands a file to the visitor, as a link that is clicked does. */
export function download(data: Blob, name: string): void {
	const url = URL.createObjectURL(data);
	const link = document.createElement('a');
	link.href = url;
	link.download = name;
	link.click();
	// The browser has begun to read by then, and holds the file itself.
	setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** "mien-photos-2026-11-24-1432.csv": the page's local time, without what file systems refuse. */
export function fileName(what: string, extension: string, now: Date): string {
	const two = (value: number): string => String(value).padStart(2, '0');
	const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
	return `mien-${what}-${day}-${two(now.getHours())}${two(now.getMinutes())}.${extension}`;
}
