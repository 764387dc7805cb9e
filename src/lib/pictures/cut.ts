import { AppError } from '../errors';

/** The error for a picture that ends too early, in a file of so many bytes. */
export function truncated(bytes: number): AppError {
	return new AppError('picture-truncated', `the file ends after ${bytes} bytes, before its picture does`);
}
