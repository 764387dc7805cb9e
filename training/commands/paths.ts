/** Where files are kept. */
import path from 'node:path';
import type { Recipe } from '../models/recipe';
import { ROOT } from '../lib/root';

export const MODELS_DIR = path.join(ROOT, 'static', 'models');
/** Prepared data, runs and whatever else can be made again; MIEN_CACHE moves it elsewhere. */
export const CACHE = process.env['MIEN_CACHE'] ?? path.join(ROOT, '.cache');

/** The folder of the run that trains `model` by this recipe. */
export function runDirOf(model: string, { id, seed }: Recipe): string {
	return path.join(CACHE, 'runs', `${model}-${id}-seed${String(seed)}`);
}
