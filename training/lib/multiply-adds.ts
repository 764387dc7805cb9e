import type * as tf from '@tensorflow/tfjs';

/** Multiply-adds of one forward pass for one picture: those of convolutions and dense layers. */
export function multiplyAdds(model: tf.LayersModel): number {
	return model.layers.reduce((sum, layer) => sum + multiplyAddsOf(layer), 0);
}

/** The same for one layer; 0 if it is neither. */
export function multiplyAddsOf(layer: tf.layers.Layer): number {
	const [kernel] = layer.getWeights();
	if (!kernel) return 0;
	// Each weight of a kernel is used once per output position.
	const positions = layer.getClassName() === 'Conv2D' ? (layer.outputShape as number[]).slice(1, 3) : [];
	return positions.reduce((product, side) => product * side, kernel.size);
}
