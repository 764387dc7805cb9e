import { expect, it } from 'vitest';
import { chooseBackend } from '../../../../training/backend/index';
import { isOneDnnInstalled } from '../../../../training/backend/onednn/onednn';
import { testGradients } from './gradients';

// An optional library of the system: where it is missing, training uses WASM.
if (isOneDnnInstalled()) testGradients('onednn');
else
	it('is not taken where the library is missing', async () => {
		const { backend, reason } = await chooseBackend();
		expect(backend).not.toBe('onednn');
		if (backend === 'wasm') expect(reason).toContain('libdnnl2 is not installed');
	});
