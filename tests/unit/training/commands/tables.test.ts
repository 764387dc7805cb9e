import { readFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import { TABLE_FILES, TABLES } from '../../../../training/commands/table-list';
import { withTables } from '../../../../training/commands/tables';

describe('tables of READMEs', () => {
	it('are inserted between their markers, and nothing else changes', () => {
		const text = 'before\n\n<!-- table: one -->\nold\n<!-- /table -->\n\nafter\n';
		expect(withTables(text, { one: () => '| new |' })).toBe(
			'before\n\n<!-- table: one -->\n\n| new |\n\n<!-- /table -->\n\nafter\n'
		);
		expect(() => withTables(text, { two: () => '' })).toThrow('no table "one"');
	});

	it.each(TABLE_FILES)('in %s match the results', async (file) => {
		const text = readFileSync(file, 'utf8');
		expect(await format(withTables(text, TABLES), { ...(await resolveConfig(file)), filepath: file })).toBe(text);
	});
});
