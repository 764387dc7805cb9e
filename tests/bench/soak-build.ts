/** The built site, set aside for a long run. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, statSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';

const BUILT = 'build';
/** What the server of the site reads beside the build. */
const SERVED_WITH = ['package.json', 'tsconfig.json'];

/** The build in a folder of its own, so that a later build does not change what is served. */
export function copyBuild(folder: string): void {
	if (!existsSync(join(BUILT, 'kiosk.html'))) {
		console.log('There is no build yet; building.');
		const { status } = spawnSync('vite', ['build', '--logLevel', 'warn'], {
			stdio: 'inherit',
			shell: process.platform === 'win32'
		});
		if (status !== 0) throw new Error('The site could not be built: run `npm run build` and mend what it says.');
	}
	console.log(`Build of ${statSync(join(BUILT, 'kiosk.html')).mtime.toISOString()}`);
	cpSync(BUILT, join(folder, BUILT), { recursive: true });
	for (const file of SERVED_WITH) cpSync(file, join(folder, file));
	symlinkSync(resolve('node_modules'), join(folder, 'node_modules'), 'junction');
}
