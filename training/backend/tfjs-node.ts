/** TensorFlow's own library, where somebody has installed `@tensorflow/tfjs-node`: never one of this project's packages. */
import * as tf from '@tensorflow/tfjs';
import { messageOf } from '../lib/errors';

/** In a variable, so that neither compiler nor linter asks for it. */
const PACKAGE = '@tensorflow/tfjs-node';

async function load(): Promise<void> {
	const logged = console.warn;
	// It advises to use itself when it is loaded after tfjs.
	console.warn = () => undefined;
	try {
		await import(PACKAGE);
	} finally {
		console.warn = logged;
	}
	// tfjs says it never is missing, and answers null.
	const found: unknown = tf.findBackend('tensorflow');
	if (!found) throw new Error(`its tfjs is another than ${tf.version.tfjs}; install ${PACKAGE}@${tf.version.tfjs}`);
}

/** Why it cannot be used here, or undefined. */
export async function tfjsNodeProblem(): Promise<string | undefined> {
	try {
		await load();
		return undefined;
	} catch (thrown) {
		const isMissing = thrown instanceof Error && 'code' in thrown && thrown.code === 'ERR_MODULE_NOT_FOUND';
		return isMissing && thrown.message.includes(PACKAGE) ? 'not installed' : (messageOf(thrown).split('\n')[0] ?? '');
	}
}

/** Makes it the back end of tfjs. Throws Error. */
export async function startTfjsNode(): Promise<void> {
	const problem = await tfjsNodeProblem();
	if (problem !== undefined) throw new Error(`${PACKAGE}: ${problem}.`);
	if (!(await tf.setBackend('tensorflow'))) throw new Error(`${PACKAGE} did not start.`);
}
