/** Elementwise kernels: the gradient of ReLU, optimizer steps, moving averages. */
import { MOVE_KERNEL, RELU_GRADIENT_KERNEL, SGD_KERNEL } from '../extra-kernels';
import { inputOf, sizeOf, type Kernel } from '../kernel-inputs';
import { buffers, elementwise, itemsOf, lines } from './program';
import type { Recorder } from './recorder';

export function elementwiseKernels(gpu: Recorder): Record<string, Kernel> {
	return {
		[RELU_GRADIENT_KERNEL]: (inputs) => {
			const [y, dy] = [inputOf(inputs, 'y'), inputOf(inputs, 'dy')];
			const gradient = gpu.allocate(y.shape);
			const { type, items } = itemsOf(sizeOf(y));
			const program = elementwise(
				buffers(['y', type, 'read'], ['dy', type, 'read'], ['result', type, 'read_write']),
				items,
				`result[i] = select(${type}(), dy[i], y[i] > ${type}());`
			);
			gpu.run({ ...program, reads: [y, dy], writes: [gradient] });
			return gradient;
		},
		[SGD_KERNEL]: (inputs, { decay, momentum, learningRate, nesterov }) => {
			const [weight, velocity] = [inputOf(inputs, 'weight'), inputOf(inputs, 'velocity')];
			const program = elementwise(
				`${buffers(['gradient', 'f32', 'read'], ['weight', 'f32', 'read_write'], ['velocity', 'f32', 'read_write'])}
				struct Settings { decay: f32, momentum: f32, rate: f32 }
				@group(0) @binding(3) var<uniform> settings: Settings;`,
				sizeOf(weight),
				`let decayed = gradient[i] + settings.decay * weight[i];
				let speed = settings.momentum * velocity[i] + decayed;
				velocity[i] = speed;
				weight[i] -= settings.rate * ${nesterov === true ? '(decayed + settings.momentum * speed)' : 'speed'};`
			);
			gpu.run({
				...program,
				reads: [inputOf(inputs, 'gradient')],
				writes: [weight, velocity],
				uniforms: [decay, momentum, learningRate].map(Number)
			});
			return [];
		},
		[MOVE_KERNEL]: (inputs, { part }) => {
			const count = Object.keys(inputs).length / 2;
			const of = (name: string) => Array.from({ length: count }, (_, i) => inputOf(inputs, `${name}${i}`));
			const [targets, towards] = [of('target'), of('towards')];
			const sizes = targets.map(sizeOf);
			const named = (name: string, access: 'read' | 'read_write') =>
				targets.map((_, i) => [`${name}${i}`, 'f32', access] as const);
			const program = elementwise(
				`${buffers(...named('towards', 'read'), ...named('goal', 'read_write'))}
				struct Settings { part: f32 }
				@group(0) @binding(${2 * count}) var<uniform> settings: Settings;`,
				Math.max(...sizes),
				lines(
					count,
					(j) => `if (i < ${sizes[j]}u) { goal${j}[i] = goal${j}[i] + settings.part * (towards${j}[i] - goal${j}[i]); }`
				)
			);
			gpu.run({ ...program, reads: towards, writes: targets, uniforms: [Number(part)] });
			return [];
		}
	};
}
