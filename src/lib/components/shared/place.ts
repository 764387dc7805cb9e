import type { Attachment } from 'svelte/attachments';

/** Shows an element made by a source. */
export function place(shown: HTMLElement): Attachment<HTMLElement> {
	return (node) => {
		node.replaceChildren(shown);
		return () => node.replaceChildren();
	};
}
