/** Sets the built site aside for a long run. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, statSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';

const BUILT = 'build';
/** What the site's server reads besides the build. */
const SERVED_WITH = ['package.json', 'tsconfig.json'];

/** Copies the build to a separate folder, so that a later build does not change what is served. */
export function copyBuild(folder: string): void {
	if (!existsSync(join(BUILT, 'kiosk.html'))) {
		console.log('There is no build yet; building.');
		const { status } = spawnSync('vite', ['build', '--logLevel', 'warn'], {
			stdio: 'inherit',
			shell: process.platform === 'win32'
		});
		if (status !== 0) throw new Error('The site could not be built: run `npm run build` and fix what it reports.');
	}
	console.log(`Build of ${statSync(join(BUILT, 'kiosk.html')).mtime.toISOString()}`);
	cpSync(BUILT, join(folder, BUILT), { recursive: true });
	for (const file of SERVED_WITH) cpSync(file, join(folder, file));
	symlinkSync(resolve('node_modules'), join(folder, 'node_modules'), 'junction');
}
