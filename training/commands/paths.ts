/** Where things lie. */
import path from 'node:path';
import type { Recipe } from '../models/recipe';
import { ROOT } from '../lib/root';

export const MODELS_DIR = path.join(ROOT, 'static', 'models');
/** Prepared data, runs and whatever else can be made again; elsewhere where MIEN_CACHE says so. */
export const CACHE = process.env['MIEN_CACHE'] ?? path.join(ROOT, '.cache');

/** The folder of the run that trains `model` by this recipe. */
export function runDirOf(model: string, { id, seed }: Recipe): string {
	return path.join(CACHE, 'runs', `${model}-${id}-seed${String(seed)}`);
}
