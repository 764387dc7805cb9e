/** Models and ensembles of the manifest as one list to choose from. */
import type { ClassifierEntry, Manifest } from '../manifest';

type Unplaced = Omit<ClassifierEntry, 'place'>;

/** The models, then the ensembles; an ensemble's download, weights and multiply-adds are those of its members together. */
export function classifiersOf({ models, ensembles }: Manifest): ClassifierEntry[] {
	const single = models.map((model): Unplaced => ({ ...model, members: [model.id], mirrored: false }));
	const joint = ensembles.flatMap(({ id, title, members, mirrored, priorRatio, unsureBelow, metrics }): Unplaced[] => {
		const parts = members.flatMap((member) => models.find((model) => model.id === member) ?? []);
		const [first] = parts;
		if (first === undefined) return [];
		const sum = (read: (part: (typeof parts)[number]) => number): number =>
			parts.reduce((total, part) => total + read(part), 0);
		return [
			{
				id,
				title,
				labels: first.labels,
				input: first.input,
				bytes: sum(({ bytes }) => bytes),
				parameters: sum(({ parameters }) => parameters),
				multiplyAdds: sum(({ multiplyAdds }) => multiplyAdds) * (mirrored ? 2 : 1),
				priorRatio,
				unsureBelow,
				metrics,
				members,
				mirrored,
				trained: null
			}
		];
	});
	return [...single, ...joint].map((entry, place) => ({ ...entry, place }));
}
