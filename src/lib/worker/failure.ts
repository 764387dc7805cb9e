import { toAppError, type ErrorCode } from '../errors';
import type { Failure } from '../protocol';

/**
 * The failure to report for what was thrown; `code`: for anything but an AppError. '-invalid' errors show their
 * message.
 */
export function failureOf(thrown: unknown, code: ErrorCode): Failure {
	const error = toAppError(thrown, code);
	const said = error.said ?? (error.code.endsWith('-invalid') ? `${error.message.slice(0, 200)}.` : null);
	return { code: error.code, message: error.message, said };
}
