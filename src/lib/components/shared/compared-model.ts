import type { DrawnModel } from '../../overlay/draw';

/** What has to be known of a model to show it beside others. */
export interface ComparedModel extends DrawnModel {
	readonly title: string;
	/** In the manifest: decides its colour. */
	readonly place: number;
}
