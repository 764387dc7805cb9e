/** Kinds of files with labels beside pictures, judged by their names. */

const LIST = /\.(csv|tsv|txt|lst|jsonl|ndjson|ya?ml|names)$/i;
/** Kinds that are not read. */
const CLOSED_LIST = /\.(xlsx?|ods|parquet|arrow|json|xml|npy|npz|mat|h5|pkl)$/i;

/** Whether a file can be a list of labels, or name those of others, if it lies beside pictures. */
export function isListName(name: string): boolean {
	return LIST.test(name);
}

/** Whether a file beside pictures may hold their labels, also in a form that is not read. */
export function mayHoldLabels(name: string): boolean {
	return LIST.test(name) || CLOSED_LIST.test(name);
}
