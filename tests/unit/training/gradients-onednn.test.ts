import { expect, it } from 'vitest';
import { fastestBackend } from '../../../training/backend/index';
import { isOneDnnInstalled } from '../../../training/backend/onednn';
import { testGradients } from './gradients';

// An optional library of the system: where it is missing, training uses WASM.
if (isOneDnnInstalled()) testGradients('onednn');
else
	it('is not taken where the library is missing', () => {
		expect(fastestBackend()).toBe('wasm');
	});
