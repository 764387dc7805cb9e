/** Drawn while the site is built: whoever opens a page sees it before its code is there. */
export const prerender = true;
