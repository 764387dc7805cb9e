import { name, version } from '../../../../package.json';

/** What wrote a file, and which version of it. */
export const APPLICATION = `${name} ${version}`;
