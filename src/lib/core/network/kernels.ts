/** The tfjs kernels that `Network` calls; a bundle needs only these and those that tfjs itself relies on. */
export const NETWORK_KERNELS = [
	'FusedConv2D',
	'FusedDepthwiseConv2D',
	'_FusedMatMul',
	'Add',
	'Relu',
	'Softmax',
	'MaxPool',
	'Mean',
	'PadV2',
	'ResizeBilinear',
	'Reshape',
	'Concat'
] as const;
