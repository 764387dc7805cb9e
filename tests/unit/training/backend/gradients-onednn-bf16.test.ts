import { expect, it } from 'vitest';
import { chooseBackend, workingBackends } from '../../../../training/backend/index';
import { testGradients } from './gradients';

// Eight bits of mantissa: each factor is off by up to 1 / 256, and sums cancel.
const available = (await workingBackends(false)).includes('onednn-bf16');
testGradients('onednn-bf16', { tolerance: 1 / 50, available });

it.skipIf(available)('onednn-bf16 is not chosen if the processor or the library is missing', async () => {
	const { backend, reason } = await chooseBackend();
	expect(backend).not.toBe('onednn-bf16');
	if (backend === 'wasm') expect(reason).toMatch(/no bfloat16|libdnnl2/);
});
