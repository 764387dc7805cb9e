/** Vite plugins that leave parts of tfjs out of the worker's bundle, and fix others. */
import type { Plugin } from 'vite';
import { NETWORK_KERNELS } from '../lib/core/network/kernels.ts';

/** Kernels that tfjs's engine and the wanted kernels call internally. */
const OWN_KERNELS = ['Identity', 'Cast', 'Transpose'];

/** Throws if tfjs is not what these plugins were written for. */
function mustHold(holds: boolean, what: string): void {
	if (!holds) throw new Error(`tfjs has changed (${what}): see src/bundle/worker-plugins.ts`);
}

/** tfjs's core without optimizers and their gradients, which its index registers. */
function slimCore(): Plugin {
	return {
		name: 'mien-slim-tfjs-core',
		transform: {
			filter: { id: /tfjs-core\/dist\/index\.js$/ },
			handler(code) {
				const registering = /import \{ registerOptimizers \} from [^;]+;\s*registerOptimizers\(\);/;
				mustHold(registering.test(code), 'the index of tfjs-core');
				return code.replace(registering, '');
			}
		}
	};
}

/** tfjs's core without model storage, the hash of texts and other helpers that no wanted kernel uses. */
function slimCoreHelpers(): Plugin[] {
	const rewrite = (file: RegExp, name: string, handler: (code: string) => string): Plugin => ({
		name: `mien-slim-tfjs-${name}`,
		transform: { filter: { id: file }, handler }
	});
	return [
		rewrite(/tfjs-core\/dist\/platforms\/platform_browser\.js$/, 'platform', (code) => {
			const imports = /import \{[^}]*\} from '\.\.\/io\/\w+';/g;
			const registering = /try \{\s*ModelStoreManagerRegistry[^}]*\}\s*catch \(err\) \{\s*\}/g;
			mustHold(code.match(imports)?.length === 3 && code.match(registering)?.length === 2, 'the platform of browsers');
			return code.replace(imports, '').replace(registering, '');
		}),
		rewrite(/tfjs-core\/dist\/io\/io\.js$/, 'io', () => 'export {};'),
		rewrite(/tfjs-core\/dist\/\w+\/(einsum|ragged_to_dense|segment)_util\.js$/, 'helpers', () => 'export {};'),
		rewrite(/tfjs-core\/dist\/hash_util\.js$/, 'hash', () => 'export const hexToLong = null, fingerPrint64 = null;')
	];
}

/** Only the kernels of each back end that networks need. */
function slimBackends(): Plugin {
	const wanted = new Set<string>([...NETWORK_KERNELS, ...OWN_KERNELS]);
	return {
		name: 'mien-slim-tfjs-backends',
		transform: {
			filter: { id: /tfjs-backend-\w+\/dist\/register_all_kernels\.js$/ },
			handler(code) {
				const imports = [...code.matchAll(/^import \{ (\w+) \} from '\.\/kernels\/(\w+)';$/gm)];
				const kept = imports.filter(([, , kernel = '']) => wanted.has(kernel));
				mustHold(kept.length === wanted.size, 'the kernels of a back end');
				return [
					`import { registerKernel } from '@tensorflow/tfjs-core';`,
					...kept.map(([line]) => line),
					...kept.map(([, name = '']) => `registerKernel(${name});`)
				].join('\n');
			}
		}
	};
}

/** Only the parts of the JavaScript back end that the WASM kernels use: its index would pull in all of it. */
function slimWasmHelpers(): Plugin {
	const cpu = '@tensorflow/tfjs-backend-cpu/dist';
	return {
		name: 'mien-slim-tfjs-wasm-helpers',
		transform: {
			filter: { id: /tfjs-backend-wasm\/dist\/kernel_utils\/shared\.js$/ },
			handler(code) {
				mustHold(code.includes('concatImplCPU') && code.includes(`'${cpu}/shared'`), "the WASM back end's helpers");
				return [
					`export { concatImpl as concatImplCPU } from '${cpu}/kernels/Concat_impl';`,
					`export { sliceImpl as sliceImplCPU } from '${cpu}/kernels/Slice';`
				].join('\n');
			}
		}
	};
}

/**
 * tfjs sends its WASM threads the text of a function. That text must not refer to anything outside the function, or
 * after minification it fails in the thread with "e is not defined"; the one outer variable is not used if the script
 * is a blob.
 */
function closeThreadFunction(): Plugin {
	const declaration = /var _scriptDir = [^;]+;\s+if \(typeof __filename [^;]+;/;
	return {
		name: 'mien-close-thread-function',
		transform: {
			filter: { id: /tfjs-backend-wasm-threaded-simd\.js$/ },
			handler(code) {
				mustHold(declaration.test(code), 'the threaded build');
				return code.replace(declaration, '').replaceAll('_scriptDir', 'undefined');
			}
		}
	};
}

/** If a chunk imports from a worker's own file, WebKit runs that file a second time, with separate state. */
function keepEntriesApart(): Plugin {
	return {
		name: 'mien-keep-entries-apart',
		generateBundle(_, bundle) {
			const chunks = Object.values(bundle).filter((each) => each.type === 'chunk');
			const entries = new Set(chunks.filter(({ isEntry }) => isEntry).map(({ fileName }) => fileName));
			for (const { fileName, imports } of chunks) {
				const entry = imports.find((each) => entries.has(each));
				if (entry !== undefined) this.error(`${fileName} imports from the worker's own file ${entry}`);
			}
		}
	};
}

/** For `worker.plugins` of Vite's configuration. */
export function workerPlugins(): Plugin[] {
	return [
		slimCore(),
		...slimCoreHelpers(),
		slimBackends(),
		slimWasmHelpers(),
		closeThreadFunction(),
		keepEntriesApart()
	];
}
