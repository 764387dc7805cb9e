/** Compiles the GPU back ends' programs ahead, so that they are ready for the first real frame. */
import { backend, env, type KernelBackend, type Tensor } from '@tensorflow/tfjs-core';

interface CompilingBackend extends KernelBackend {
	checkCompileCompletionAsync(): Promise<unknown>;
	/** WebGL only. */
	getUniformLocations?(): void;
}

/** Back ends that compile nothing: a first run there is a little slower, and no reason to wait. */
export const STEADY_BACKENDS: ReadonlySet<string> = new Set(['wasm', 'cpu']);

const COMPILE_ONLY: Partial<Record<string, string>> = {
	webgpu: 'WEBGPU_ENGINE_COMPILE_ONLY',
	webgl: 'ENGINE_COMPILE_ONLY'
};

/**
 * Runs `run` until its programs are compiled and its result was read once. On a GPU they compile in parallel, off this
 * thread. Nothing else may run on the back end in the meantime: it would use programs that are not ready.
 */
export async function warmUp(name: string, run: () => Tensor): Promise<void> {
	const flag = COMPILE_ONLY[name];
	const current = backend();
	if (flag !== undefined && canCompileAhead(current)) {
		env().set(flag, true);
		try {
			run().dispose();
		} finally {
			// Reset at once: it must not affect other reads and programs.
			env().set(flag, false);
		}
		await current.checkCompileCompletionAsync();
		current.getUniformLocations?.();
	}
	const output = run();
	try {
		await output.data();
	} finally {
		output.dispose();
	}
}

function canCompileAhead(current: KernelBackend): current is CompilingBackend {
	return 'checkCompileCompletionAsync' in current;
}
