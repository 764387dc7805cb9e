import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { isTrained, needsOf, teachersOf, type Run } from '../../../../training/loop/prerequisites';
import { MODELS, findModel, findRecipe } from '../../../../training/models/index';
import { RUN_FILES } from '../../../../training/loop/run';
import { temporaryFolder } from '../temporary-folder';

const run = (model: string, recipe: string, seed = 1): Run => {
	const definition = findModel(model);
	return { model: definition, recipe: { ...findRecipe(definition, recipe), seed } };
};
const nameOf = ({ model, recipe }: Run): string => `${model.id} ${recipe.id} ${String(recipe.seed)}`;

describe('needsOf', () => {
	it('names each run once, after all that it depends on', () => {
		for (const model of MODELS)
			for (const recipe of model.recipes) {
				const needs = needsOf({ model, recipe }, () => false);
				const names = needs.map(nameOf);
				expect(new Set(names).size).toBe(names.length);
				for (const [index, need] of needs.entries())
					for (const earlier of needsOf(need, () => false)) expect(names.slice(0, index)).toContain(nameOf(earlier));
			}
		expect(needsOf(run('mien', 'low-light', 3), () => false).map(nameOf)).toEqual(['mien teacher 3', 'mien student 3']);
	});

	it('leaves out what only a trained run depends on', () => {
		const needsOfLast = (trained: string) =>
			needsOf(run('mien', 'low-light'), (need) => nameOf(need) === trained).map(nameOf);
		expect(needsOfLast('mien teacher 1')).toEqual(['mien student 1']);
		expect(needsOfLast('mien student 1')).toEqual([]);
		// The teacher of another seed is not used here.
		expect(needsOfLast('mien teacher 2')).toEqual(['mien teacher 1', 'mien student 1']);
	});
});

it('teachersOf names the teachers of a run and of what it started from', () => {
	expect(teachersOf(run('vgg16', 'further'))).toEqual([]);
	expect(teachersOf(run('mien', 'teacher'))).toEqual(['face-api']);
	expect(teachersOf(run('mien-large', 'low-light'))).toEqual(['mien-large', 'face-api']);
});

it('names who taught only the teacher of a run', () => {
	const { model, recipe } = run('mien', 'low-light');
	const plain = model.recipes.map(({ faceApi, ...rest }) =>
		rest.id === 'teacher' && faceApi ? { ...rest, faceApi } : rest
	);
	const [low = recipe, ...others] = plain;
	expect(teachersOf({ model: { ...model, recipes: [low, ...others] }, recipe: low })).toEqual(['mien', 'face-api']);
});

const folder = temporaryFolder();

it('isTrained takes a run as trained once its log is full', () => {
	const { recipe } = run('mien', 'teacher');
	expect(isTrained(folder, { ...recipe, epochs: 2 })).toBe(false);
	writeFileSync(path.join(folder, RUN_FILES.best), '');
	expect(isTrained(folder, { ...recipe, epochs: 2 })).toBe(false);
	writeFileSync(path.join(folder, RUN_FILES.log), '{}\n');
	expect(isTrained(folder, { ...recipe, epochs: 2 })).toBe(false);
	writeFileSync(path.join(folder, RUN_FILES.log), '{}\n{}\n');
	expect(isTrained(folder, { ...recipe, epochs: 2 })).toBe(true);
	const losses = [3, 2, 2.5, 2.25];
	const log = losses.map((loss, epoch) => `${JSON.stringify({ epoch, validation: { loss, accuracy: 0 } })}\n`);
	writeFileSync(path.join(folder, RUN_FILES.log), log.join(''));
	expect(isTrained(folder, { ...recipe, epochs: 9 })).toBe(false);
	expect(isTrained(folder, { ...recipe, epochs: 9, earlyStopping: { by: 'loss', patience: 3 } })).toBe(false);
	expect(isTrained(folder, { ...recipe, epochs: 9, earlyStopping: { by: 'loss', patience: 2 } })).toBe(true);
});
