/** Clicks on buttons of a prerendered page, before its code was there. */

declare global {
	/** The button clicked last, set by src/first.js; null once the page's code handles clicks itself. */
	var mienClicked: HTMLElement | null | undefined;
}

/** Clicks once more on what was clicked too early, in a separate task: the one that starts the page is long enough. */
export function replayEarlyClick(): void {
	const button = globalThis.mienClicked;
	globalThis.mienClicked = null;
	setTimeout(() => {
		if (button?.isConnected === true) button.click();
	});
}
