/** Lists what the service worker keeps for a visit without a network. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** Pages, which the worker finds itself, and files for other servers, for people, or fetched on demand. */
const LEFT_OUT =
	/\.html$|\.(br|gz)$|^models\/(?!.*\/report\.json$)|^samples\/CREDITS|^(service-worker\.js|offline\.json|(screenshot|clip|film)\.webp|share\.jpg)$|^[._]{1,2}[^/]*$/;
/** Files of a model that its answers do not need. The figures of every model are in the list anyway. */
const NOT_TO_RUN = /(^|\/)(report\.json|LICENSE|NOTICE)$|\.svg$/;

interface Listed {
	readonly id: string;
	readonly url: string;
}

/**
 * Writes offline.json into a built site: the app with all figures, the detectors and the default model; separately, by
 * folder, the files of the other models.
 */
export function writeOfflineList(folder: string): void {
	const read = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'));
	const { version } = read('_app/version.json') as { version: string };
	const index = read('models/index.json') as { default: string; models: Listed[]; [other: string]: unknown };
	const files = readdirSync(folder, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map(({ parentPath, name }) => posix.relative(folder, posix.join(parentPath.replaceAll('\\', '/'), name)))
		.toSorted();
	const detectors = Object.values(index).filter(isDetector);
	const first = index.models.filter(({ id }) => id === index.default);
	const filesOf = ({ url }: Listed): string[] => {
		const own = posix.join('models', posix.dirname(url));
		return files
			.filter((file) => posix.dirname(file) === own && !NOT_TO_RUN.test(file) && !/\.(br|gz)$/.test(file))
			.map((file) => `/${file}`);
	};
	const app = files.filter((file) => !LEFT_OUT.test(file)).map((file) => `/${file}`);
	const listed = [...app, '/models/index.json', ...[...detectors, ...first].flatMap(filesOf)];
	const others = index.models.filter(({ id }) => id !== index.default);
	const models = Object.fromEntries(others.map((entry) => [posix.dirname(entry.url), filesOf(entry)]));
	writeFileSync(join(folder, 'offline.json'), JSON.stringify({ version, files: listed, models }));
}

/** Whether an entry beside the list of models is a face detector. */
function isDetector(value: unknown): value is Listed {
	return typeof value === 'object' && value !== null && 'url' in value && typeof value.url === 'string';
}
