import { statSync } from 'node:fs';
import type { TestSequencer, TestSpecification } from 'vitest/node';

/**
 * The order of test files: those of the project "apart" first, which are the longest, and between which a process of the others
 * would end, with all that it has loaded; and large files before small ones.
 */
export class ApartFirst implements TestSequencer {
	sort(files: TestSpecification[]): TestSpecification[] {
		const isApart = ({ project }: TestSpecification): number => Number(project.name === 'apart');
		const bytes = ({ moduleId }: TestSpecification): number => statSync(moduleId).size;
		return files.toSorted((a, b) => isApart(b) - isApart(a) || bytes(b) - bytes(a));
	}

	/** Shards are not used. */
	shard(files: TestSpecification[]): TestSpecification[] {
		return files;
	}
}
