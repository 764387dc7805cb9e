/** Hands a file to the visitor, as clicking a link does. */
export function download(data: Blob, name: string): void {
	const url = URL.createObjectURL(data);
	const link = document.createElement('a');
	link.href = url;
	link.download = name;
	link.click();
	// By then the browser has started to read it, and holds the file itself.
	setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Whether the system has a share sheet for pictures. */
export function canSharePictures(): boolean {
	const probe = new File([], 'probe.png', { type: 'image/png' });
	// Missing outside secure contexts and in some browsers, despite the type.
	return 'canShare' in navigator && navigator.canShare({ files: [probe] });
}

/** Hands a file to the system's share sheet; does nothing if the visitor closes it. Rejects if the system refuses. */
export async function share(data: Blob, name: string): Promise<void> {
	try {
		await navigator.share({ files: [new File([data], name, { type: data.type })] });
	} catch (thrown) {
		if (!(thrown instanceof DOMException && thrown.name === 'AbortError')) throw thrown;
	}
}

/** "mien-photos-2026-11-24-1432.csv": local time, without characters that file systems refuse. */
export function fileName(what: string, extension: string, now: Date): string {
	const two = (value: number): string => String(value).padStart(2, '0');
	const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
	return `mien-${what}-${day}-${two(now.getHours())}${two(now.getMinutes())}.${extension}`;
}
