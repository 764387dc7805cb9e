/** These pages depend entirely on their address, which is unknown at build time. */
export const ssr = false;
