/** A failure that the user can fix: the message says what was found, what was expected and what to do. */
export class UserError extends Error {
	override readonly name = 'UserError';
}

/** The message of whatever was thrown. */
export function messageOf(thrown: unknown): string {
	return thrown instanceof Error ? thrown.message : String(thrown);
}
