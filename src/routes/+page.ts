/** Drawn while the site is built: whoever opens it sees it before its code is there. */
export const ssr = true;
