/** The licences of everything that is shipped, in one text. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { LicenseInfo } from 'rolldown-license-plugin';

/** Packages published as one file that includes their dependencies, which no bundler can see. */
const WITH_DEPENDENCIES = ['mqtt'];
const LINE = '-'.repeat(80);

/** Throws if a package gives no licence to print: its terms must be looked up before it ships. */
export function noticesText(packages: Iterable<LicenseInfo>, project: string): string {
	const all = new Map([...packages].map((info) => [`${info.name} ${info.version}`, info]));
	for (const name of WITH_DEPENDENCIES) addDependencies(name, project, all);
	const sections = [...all.values()]
		.toSorted((a, b) => (a.name < b.name ? -1 : 1))
		.map(({ name, version, license, licenseText }) => {
			if (license === '' && licenseText.trim() === '') throw new Error(`${name} ships without a licence`);
			const text =
				licenseText.trim() === '' ? `Licence: ${license} (the package does not include its text).` : licenseText.trim();
			return `${name} ${version} (${license === '' ? 'see below' : license})\n\n${text}`;
		});
	const own = ['LICENSE', ...staticNotices(project)].map(
		(file) =>
			`${file === 'LICENSE' ? 'Mien' : relative('static', file)}\n\n${readFileSync(join(project, file), 'utf8').trim()}`
	);
	const intro = 'Mien and what it is made of: its own licence, models and pictures, and the packages in its scripts.';
	return `${[intro, ...own, ...sections].join(`\n\n${LINE}\n`)}\n`;
}

/** Licences and credits beside the models and pictures. */
function staticNotices(project: string): string[] {
	const files = readdirSync(join(project, 'static'), { recursive: true, encoding: 'utf8' });
	return files
		.filter((file) => /(^|[/\\])(LICENSE|NOTICE|CREDITS)(\.txt)?$/.test(file))
		.toSorted()
		.map((file) => join('static', file));
}

interface Manifest {
	readonly version: string;
	readonly license?: string;
	readonly dependencies?: Readonly<Record<string, string>>;
}

/** Adds a package and those of its dependencies that `all` lacks, without types. */
function addDependencies(name: string, project: string, all: Map<string, LicenseInfo>): void {
	const folder = join(project, 'node_modules', name);
	if (!existsSync(folder)) return;
	const {
		version,
		license = '',
		dependencies = {}
	} = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
	const key = `${name} ${version}`;
	if (all.has(key) && !WITH_DEPENDENCIES.includes(name)) return;
	const file = readdirSync(folder).find((entry) => /^(un)?licen[sc]e|^copying/i.test(entry));
	all.set(key, {
		name,
		version,
		license,
		licenseText: file === undefined ? '' : readFileSync(join(folder, file), 'utf8')
	});
	for (const other of Object.keys(dependencies)) {
		if (!other.startsWith('@types/')) addDependencies(other, project, all);
	}
}
