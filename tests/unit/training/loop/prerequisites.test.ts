import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { isTrained, needsOf, sourcesOf, teachersOf, type Run } from '../../../../training/loop/prerequisites';
import { MODELS, findModel, findRecipe } from '../../../../training/models/index';
import { RUN_FILES } from '../../../../training/loop/run';
import { temporaryFolder } from '../temporary-folder';

const run = (model: string, recipe: string, seed = 1): Run => {
	const definition = findModel(model);
	return { model: definition, recipe: { ...findRecipe(definition, recipe), seed } };
};
const nameOf = ({ model, recipe }: Run): string => `${model.id} ${recipe.id} ${String(recipe.seed)}`;

describe('needsOf', () => {
	it('names each run once, after all that it builds on itself', () => {
		for (const model of MODELS)
			for (const recipe of model.recipes) {
				const needs = needsOf({ model, recipe }, () => false);
				const names = needs.map(nameOf);
				expect(new Set(names).size).toBe(names.length);
				for (const [index, need] of needs.entries())
					for (const earlier of needsOf(need, () => false)) expect(names.slice(0, index)).toContain(nameOf(earlier));
			}
		expect(needsOf(run('mien', 'taught'), () => false).map(nameOf)).toEqual([
			'mien grow-48 1',
			'cnn features 1',
			'cnn best 1'
		]);
	});

	it('asks for nothing that only a trained run was built on', () => {
		const trained = ['mien taught 1', 'cnn best 1'];
		const needs = needsOf(run('mien', 'once-more'), (need) => trained.includes(nameOf(need)));
		expect(needs.map(nameOf)).toEqual(['mien again 1']);
	});

	it('starts from runs of the same seed, and learns from teachers of their own', () => {
		const needs = needsOf(run('mien', 'again', 2), () => false).map(nameOf);
		expect(needs).toContain('mien taught 2');
		expect(needs).toContain('mien taught 1');
		expect(needs).not.toContain('cnn best 2');
	});

	it('starts a run whose seed its recipe sets from the seed that the recipe before sets', () => {
		expect(sourcesOf(run('mien', 'in-any-light-again', 2)).map(nameOf)).toEqual(['mien among-larger 1']);
		expect(sourcesOf(run('mien', 'in-any-light', 2)).map(nameOf)).toEqual(['mien among-larger 2']);
	});

	it('asks for all the runs of a mean', () => {
		const trained = ['mien in-any-light 1', 'mien among-larger 1', 'mien among-peers 1'];
		const needs = needsOf(run('mien', 'together'), (need) =>
			[...trained, 'mien-large anew 1', 'mien-large anew-wider 2'].includes(nameOf(need))
		);
		expect(needs.map(nameOf).sort()).toEqual(['mien in-any-light-again 2', 'mien in-every-light 1']);
	});
});

it('needs no earlier end for the three stages from random weights', () => {
	expect(needsOf(run('mien', 'low-light'), () => false).map(nameOf)).toEqual(['mien teacher 1', 'mien student 1']);
	const third = run('mien', 'low-light');
	expect(needsOf({ ...third, recipe: { ...third.recipe, seed: 3 } }, () => false).map(nameOf)).toEqual([
		'mien teacher 3',
		'mien student 3'
	]);
});

it('names the teachers of a run and of what it started from', () => {
	expect(teachersOf(run('mien', 'grow-48'))).toEqual([]);
	expect(teachersOf(run('mien', 'among-peers'))).toEqual(['mien', 'cnn']);
	expect(teachersOf(run('mien-large', 'from-peers'))).toEqual(['mien']);
	expect(teachersOf(run('mien', 'together')).sort()).toEqual(['cnn', 'mien', 'mien-large']);
	expect(teachersOf(run('mien', 'low-light'))).toEqual(['mien', 'face-api']);
});

const folder = temporaryFolder();

it('takes a run for trained when its log is full', () => {
	const { recipe } = run('mien', 'taught');
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
