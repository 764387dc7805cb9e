/** What these pages show is all in their address, which is not known while the site is built. */
export const ssr = false;
