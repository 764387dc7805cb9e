import { expect, it } from 'vitest';
import { AppError, EXPLANATIONS, type ErrorCode } from '../../../../src/lib/errors';
import { describeKiosk } from '../../../../src/lib/state/kiosk/describe';
import { UNWATCHED } from '../../../../src/lib/state/kiosk/supervise';

it.each(Object.keys(EXPLANATIONS).filter((code) => code.startsWith('camera-')) as ErrorCode[])(
	'a kiosk with %s names no button that it lacks',
	(code) => {
		const { trouble } = describeKiosk({ kind: 'failed', error: new AppError(code, '') }, UNWATCHED);
		expect(trouble?.remedy).not.toMatch(/start again|sample picture|choose/i);
	}
);
