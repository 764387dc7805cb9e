import type { PictureStyle } from '$lib/overlay/picture';

/** The page's font and colours, for overlays written to files. */
export function overlayStyle(mirrored: boolean): PictureStyle {
	const style = getComputedStyle(document.documentElement);
	return {
		mirrored,
		font: style.fontFamily,
		colourOf: (colour) => style.getPropertyValue(`--${colour}-on-dark`)
	};
}
