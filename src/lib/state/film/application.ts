import { name, version } from '../../../../package.json';

/** Name and version of what wrote a file. */
export const APPLICATION = `${name} ${version}`;
