import { AppError } from '../errors';

/** A picture that ends too early, of a file of so many bytes. */
export function truncated(bytes: number): AppError {
	return new AppError('picture-truncated', `the file ends after ${bytes} bytes, before its picture does`);
}
