/** Batch normalisation in training, and its gradient. */
import { BATCH_NORM_GRADIENT_KERNEL, BATCH_NORM_KERNEL } from '../extra-kernels';
import { inputOf, sizeOf, type Kernel } from '../kernel-inputs';
import { sumGroups, sumPerChannel } from './channel-sums';
import { buffers, elementwise, itemsOf } from './program';
import type { Recorder } from './recorder';

export function batchNormKernels(gpu: Recorder): Record<string, Kernel> {
	const inverse = (epsilon: unknown): string => `inverseSqrt(variance[c] + ${Number(epsilon).toExponential()})`;
	const count = (rows: number): string => `${rows}.0`;
	return {
		[BATCH_NORM_KERNEL]: (inputs, { epsilon }) => {
			const [x, gamma, beta] = [inputOf(inputs, 'x'), inputOf(inputs, 'gamma'), inputOf(inputs, 'beta')];
			const channels = x.shape.at(-1) ?? 1;
			const rows = sizeOf(x) / channels;
			const { type, items } = itemsOf(channels);
			// Sums of differences from the first row, so that large means do not cost the variance precision.
			const { groups, ...sum } = sumPerChannel(
				rows,
				channels,
				['x'],
				'let origin = x[c];',
				'let first = x[at] - origin; let second = first * first;'
			);
			const sums = gpu.allocate([groups, 2, channels]);
			gpu.run({ ...sum, reads: [x], writes: [sums] });
			const [mean, variance, y] = [gpu.allocate([channels]), gpu.allocate([channels]), gpu.allocate(x.shape)];
			const finish = sumGroups(
				groups,
				channels,
				buffers(
					['sums', type, 'read'],
					['x', type, 'read'],
					['mean', type, 'read_write'],
					['variance', type, 'read_write']
				),
				`let shift = a / ${count(rows)};
				mean[c] = x[c] + shift;
				variance[c] = max(${type}(), b / ${count(rows)} - shift * shift);`
			);
			gpu.run({ ...finish, reads: [sums, x], writes: [mean, variance] });
			gpu.dispose(sums);
			const names = ['x', 'gamma', 'beta', 'mean', 'variance'];
			const apply = elementwise(
				buffers(...names.map((name) => [name, type, 'read'] as const), ['y', type, 'read_write']),
				rows * items,
				`let c = i % ${items}u;
				y[i] = (x[i] - mean[c]) * (${inverse(epsilon)} * gamma[c]) + beta[c];`
			);
			gpu.run({ ...apply, reads: [x, gamma, beta, mean, variance], writes: [y] });
			return [y, mean, variance];
		},
		[BATCH_NORM_GRADIENT_KERNEL]: (inputs, { epsilon }) => {
			const [x, mean, variance] = [inputOf(inputs, 'x'), inputOf(inputs, 'mean'), inputOf(inputs, 'variance')];
			const [gamma, dy] = [inputOf(inputs, 'gamma'), inputOf(inputs, 'dy')];
			const channels = x.shape.at(-1) ?? 1;
			const rows = sizeOf(x) / channels;
			const { type, items } = itemsOf(channels);
			const [forX, forGamma, forBeta] = [gpu.allocate(x.shape), gpu.allocate([channels]), gpu.allocate([channels])];
			const { groups, ...sum } = sumPerChannel(
				rows,
				channels,
				['x', 'dy', 'mean', 'variance'],
				`let centre = mean[c]; let factor = ${inverse(epsilon)};`,
				'let first = dy[at]; let second = first * (x[at] - centre) * factor;'
			);
			const sums = gpu.allocate([groups, 2, channels]);
			gpu.run({ ...sum, reads: [x, dy, mean, variance], writes: [sums] });
			const finish = sumGroups(
				groups,
				channels,
				buffers(['sums', type, 'read'], ['forGamma', type, 'read_write'], ['forBeta', type, 'read_write']),
				'forBeta[c] = a; forGamma[c] = b;'
			);
			gpu.run({ ...finish, reads: [sums], writes: [forGamma, forBeta] });
			gpu.dispose(sums);
			const names = ['x', 'mean', 'variance', 'gamma', 'dy', 'forGamma', 'forBeta'];
			const apply = elementwise(
				buffers(...names.map((name) => [name, type, 'read'] as const), ['forX', type, 'read_write']),
				rows * items,
				`let c = i % ${items}u;
				let factor = ${inverse(epsilon)};
				let unit = (x[i] - mean[c]) * factor;
				forX[i] = factor * gamma[c] * (dy[i] - (forBeta[c] + unit * forGamma[c]) / ${count(rows)});`
			);
			gpu.run({ ...apply, reads: [x, mean, variance, gamma, dy, forGamma, forBeta], writes: [forX] });
			return [forX, forGamma, forBeta];
		}
	};
}
