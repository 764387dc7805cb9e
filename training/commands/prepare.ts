/** `npm run prepare:data`: reads FER2013 once into a fast local copy. */
import { parseArgs } from 'node:util';
import { loadData } from './flags';
import { say } from './terminal';

/** Gives the exit code. Throws UserError. */
export async function prepareCommand(args: string[]): Promise<number> {
	const { values } = parseArgs({ args, options: { data: { type: 'string' } } });
	const { n } = await loadData(values.data);
	say(`${String(n)} pictures are ready.`);
	return 0;
}
