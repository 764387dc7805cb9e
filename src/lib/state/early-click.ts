/** Clicks on buttons of a page that was drawn while the site was built, before its code was there. */

declare global {
	/** The button clicked last, as src/first.js leaves it; null once the page's code hears of clicks itself. */
	var mienClicked: HTMLElement | null | undefined;
}

/** Clicks again on what was clicked too early, once, in a task of its own: that in which the page came to life is long enough. */
export function replayEarlyClick(): void {
	const button = globalThis.mienClicked;
	globalThis.mienClicked = null;
	setTimeout(() => {
		if (button?.isConnected === true) button.click();
	});
}
