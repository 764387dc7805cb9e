import { beforeAll, expect, it } from 'vitest';
import { startBackend } from '../../../../training/backend/index';
import { cnn } from '../../../../training/models/cnn';
import { findRecipe } from '../../../../training/models/index';
import { vgg16 } from '../../../../training/models/vgg16';

beforeAll(async () => {
	await startBackend('wasm');
});

// Keras's count of the paper's code. What is trained with normalisation has as many once that is folded away.
it.each([
	['cnn', cnn, 22_386_119],
	['vgg16', vgg16, 15_440_839]
] as const)('%s has the parameters of the paper', (_, definition, parameters) => {
	const network = definition.build(7, findRecipe(definition, 'paper'));
	expect(network.countParams()).toBe(parameters);
	network.dispose();
});

it('vgg16 is made of a base of 14,714,688 parameters and the head of the paper', () => {
	const recipe = findRecipe(vgg16, 'paper');
	const [base, head] = [vgg16.parts?.base(recipe), vgg16.parts?.head(7, recipe)];
	// As Keras counts VGG16 without its top.
	expect(base?.countParams()).toBe(14_714_688);
	expect(head?.layers.map((layer) => layer.outputShape)).toEqual([512, 1024, 128, 128, 512, 7].map((n) => [null, n]));
});
