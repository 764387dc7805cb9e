import { statSync } from 'node:fs';
import type { TestSequencer, TestSpecification } from 'vitest/node';

/**
 * Orders test files: first those of the project "apart", because they take longest, and because in between they would
 * end a process that the others share, with all that it has loaded. Then large files before small ones.
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
