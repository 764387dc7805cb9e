/** Rendered at build time: visitors see a page before its code is loaded. */
export const prerender = true;
