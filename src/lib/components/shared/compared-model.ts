import type { DrawnModel } from '../../overlay/draw';

/** What it takes to show a model next to others. */
export interface ComparedModel extends DrawnModel {
	readonly title: string;
	/** Place in the manifest, which decides its colour. */
	readonly place: number;
}
