/** WebGPU in Node, through Dawn (npm package `webgpu`), which is loaded only when it is asked for. */
import * as tf from '@tensorflow/tfjs';
import { existsSync, readdirSync } from 'node:fs';
import process from 'node:process';
import { registerWebGpuKernels } from './kernels';
import { MATRIX_SIDE, SUBGROUP, type MatrixUnits } from './matrix-programs';

export interface GpuAdapter {
	readonly name: string;
	/** Whether a processor only plays the GPU: right, and far slower than any other back end. */
	readonly isSoftware: boolean;
	/** Whether it multiplies matrices of float16 itself, with sums in float32. */
	readonly hasMatrixUnits: boolean;
}

/**
 * Whether it is worth asking Dawn for a GPU. Where Linux has no graphics device and no driver was named, there is none,
 * and asking would only print warnings.
 */
function mayHaveGpu(): boolean {
	if (process.platform !== 'linux') return true;
	if (process.env['VK_ICD_FILENAMES'] !== undefined || process.env['VK_DRIVER_FILES'] !== undefined) return true;
	const isRenderNode = (name: string): boolean => name.startsWith('renderD');
	const hasRenderNode = existsSync('/dev/dri') && readdirSync('/dev/dri').some(isRenderNode);
	return hasRenderNode || existsSync('/dev/nvidia0') || existsSync('/dev/dxg');
}

/** What Dawn lets programs multiply matrices with; it is not part of WebGPU yet. */
const MATRIX_FEATURES = ['shader-f16', 'chromium-experimental-subgroup-matrix'];

interface MatrixConfig {
	readonly componentType: string;
	readonly resultComponentType: string;
	readonly M: number;
	readonly N: number;
	readonly K: number;
}

function hasMatrixUnits({ features, info }: GPUAdapter): boolean {
	const { subgroupMatrixConfigs = [] } = info as { subgroupMatrixConfigs?: Iterable<MatrixConfig> };
	const { subgroupMinSize, subgroupMaxSize } = info;
	return (
		MATRIX_FEATURES.every((name) => features.has(name)) &&
		[subgroupMinSize, subgroupMaxSize].every((size) => size === SUBGROUP) &&
		[...subgroupMatrixConfigs].some(
			({ componentType, resultComponentType, M, N, K }) =>
				componentType === 'f16' && resultComponentType === 'f32' && [M, N, K].every((side) => side === MATRIX_SIDE)
		)
	);
}

/** A GPU whose devices are asked for `features` too: tfjs asks for few. */
function withFeatures(gpu: GPU, features: readonly string[]): GPU {
	const requestAdapter: GPU['requestAdapter'] = async (options) => {
		const adapter = await gpu.requestAdapter(options);
		if (!adapter) return null;
		const { features: offered, limits, info } = adapter;
		const requestDevice: GPUAdapter['requestDevice'] = (descriptor) =>
			adapter.requestDevice({
				...descriptor,
				requiredFeatures: [...(descriptor?.requiredFeatures ?? []), ...features] as GPUFeatureName[]
			});
		return { features: offered, limits, info, requestDevice } as GPUAdapter;
	};
	return { requestAdapter } as GPU;
}

/** tfjs looks for the GPU where browsers have it. */
function setNavigator(gpu: GPU | undefined): void {
	if (gpu) Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true, writable: true });
	else Reflect.deleteProperty(globalThis, 'navigator');
}

/** Matrix units are experimental, and Dawn lets NVIDIA's GPUs have float16 in Vulkan only when asked to. */
const DAWN_FEATURES = 'allow_unsafe_apis,vulkan_enable_f16_on_nvidia';

/** One for the process: Dawn aborts when one instance is collected while another is at work. */
let opened: GPU | undefined;

async function openGpu(): Promise<GPU> {
	const { create, globals } = await import('webgpu');
	if (!opened) {
		Object.assign(globalThis, globals);
		opened = create([`enable-dawn-features=${DAWN_FEATURES}`]);
	}
	return opened;
}

/** The adapter that WebGPU would use here, or undefined where there is none. Throws Error when Dawn does not load. */
export async function findGpu(): Promise<GpuAdapter | undefined> {
	if (!mayHaveGpu()) return undefined;
	const adapter = await (await openGpu()).requestAdapter({ powerPreference: 'high-performance' });
	if (!adapter) return undefined;
	const { vendor, architecture, device, description } = adapter.info;
	const name = [vendor, architecture, device, description].filter(Boolean).join(' ') || 'unnamed GPU';
	const isSoftware = adapter.info.isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|software/i.test(name);
	return { name, isSoftware, hasMatrixUnits: hasMatrixUnits(adapter) };
}

/**
 * Makes WebGPU the back end of tfjs; with `units` convolutions multiply in float16. Throws Error where no adapter is found, or
 * none with such units.
 */
export async function startWebGpu(units?: MatrixUnits): Promise<void> {
	const adapter = await findGpu();
	if (!adapter) throw new Error('WebGPU finds no GPU and no driver on this machine.');
	const wantsUnits = units === 'float16';
	if (wantsUnits && !adapter.hasMatrixUnits) throw new Error(`${adapter.name} has no matrix units for float16.`);
	setNavigator(withFeatures(await openGpu(), wantsUnits ? MATRIX_FEATURES : []));
	// Registers itself only where it finds navigator.gpu.
	await import('@tensorflow/tfjs-backend-webgpu');
	if (!(await tf.setBackend('webgpu'))) throw new Error('tfjs could not start on WebGPU.');
	registerWebGpuKernels(units);
}

/** Lets go of the GPU, which otherwise keeps the process from ending. */
export function stopWebGpu(): void {
	opened = undefined;
	setNavigator(undefined);
}
