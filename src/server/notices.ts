/** The licences of everything that is shipped, in one text. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { LicenseInfo } from 'rolldown-license-plugin';

const LINE = '-'.repeat(80);

/** Throws where a package gives no licence to print: then its terms must be looked up before it ships. */
export function noticesText(packages: Iterable<LicenseInfo>, project: string): string {
	const sections = [...packages]
		.toSorted((a, b) => (a.name < b.name ? -1 : 1))
		.map(({ name, version, license, licenseText }) => {
			if (license === '' && licenseText.trim() === '') throw new Error(`${name} ships without a word on its licence`);
			const text =
				licenseText.trim() === '' ? `Licence: ${license} (the package holds no text of it).` : licenseText.trim();
			return `${name} ${version} (${license === '' ? 'see below' : license})\n\n${text}`;
		});
	const own = ['LICENSE', ...staticNotices(project)].map(
		(file) =>
			`${file === 'LICENSE' ? 'Mien' : relative('static', file)}\n\n${readFileSync(join(project, file), 'utf8').trim()}`
	);
	const intro = 'Mien and what it is made of: its own licence, models and pictures, and the packages in its scripts.';
	return `${[intro, ...own, ...sections].join(`\n\n${LINE}\n`)}\n`;
}

/** Licences and credits that lie beside models and pictures. */
function staticNotices(project: string): string[] {
	const files = readdirSync(join(project, 'static'), { recursive: true, encoding: 'utf8' });
	return files
		.filter((file) => /(^|[/\\])(LICENSE|NOTICE|CREDITS)(\.txt)?$/.test(file))
		.toSorted()
		.map((file) => join('static', file));
}
