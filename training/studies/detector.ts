/** `npm run study -- detector`: converts the face detectors from MediaPipe's files. */
import path from 'node:path';
import { convertDetector, DETECTORS } from '../blazeface/detector';
import { MODELS_DIR } from '../commands/paths';
import { say } from '../commands/terminal';

/** Gives the exit code. Throws UserError. */
export function detectorCommand(): Promise<number> {
	for (const spec of Object.values(DETECTORS)) {
		const entry = convertDetector(spec, MODELS_DIR);
		say(`${entry.title}: ${String(entry.bytes)} bytes in static/models/${path.dirname(entry.url)}`);
	}
	return Promise.resolve(0);
}
