/** The models of a folder such as `static/models`, read as a browser gets them. */
import type * as tf from '@tensorflow/tfjs';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseReport, type Report } from '../../src/lib/report';
import { readModel } from '../lib/model-files';
import { layersModelOf } from '../lib/layers-network';

/** The model in `dir`, as layers with the weights that a browser gets; the caller disposes it. Throws UserError. */
export function loadShipped(dir: string): tf.LayersModel {
	return layersModelOf(readModel(dir));
}

/** The report of a model, if it has been measured. */
export function readReport(modelsDir: string, id: string): Report | undefined {
	const file = path.join(modelsDir, id, 'report.json');
	return existsSync(file) ? parseReport(JSON.parse(readFileSync(file, 'utf8'))) : undefined;
}
