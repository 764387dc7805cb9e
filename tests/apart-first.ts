import { statSync } from 'node:fs';
import type { TestSequencer, TestSpecification } from 'vitest/node';

/**
 * Orders test files: those of the project "apart" first, as they are the longest, and as in between they would end a
 * process of the others with all that it has loaded; then large files before small ones.
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
