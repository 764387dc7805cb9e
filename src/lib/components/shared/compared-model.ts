import type { ClassifierEntry } from '../../manifest';

/** What has to be known of a model to show it beside others. */
export type ComparedModel = Pick<ClassifierEntry, 'id' | 'title' | 'labels' | 'place'>;
