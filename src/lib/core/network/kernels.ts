/** Kernels of tfjs that `Network` calls; a bundle needs no others, but those that tfjs itself takes for granted. */
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
