import type { Attachment } from 'svelte/attachments';

/** Shows an element that a source has made. */
export function place(shown: HTMLElement): Attachment<HTMLElement> {
	return (node) => {
		node.replaceChildren(shown);
		return () => node.replaceChildren();
	};
}
