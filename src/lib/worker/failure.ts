import { toAppError, type ErrorCode } from '../errors';
import type { Failure } from '../protocol';

/** What the page is told of what was thrown; `code` where that was no AppError. What is invalid is named to the user, too. */
export function failureOf(thrown: unknown, code: ErrorCode): Failure {
	const error = toAppError(thrown, code);
	const said = error.said ?? (error.code.endsWith('-invalid') ? `${error.message.slice(0, 200)}.` : null);
	return { code: error.code, message: error.message, said };
}
