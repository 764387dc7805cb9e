/** There is one version of tfjs, and the lock file names no registry. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

interface Package {
	version?: string;
	resolved?: string;
	dependencies?: Record<string, string>;
	devDependencies?: Record<string, string>;
}

const root = JSON.parse(readFileSync('package.json', 'utf8')) as Package;
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, Package> };
const wanted = { ...root.dependencies, ...root.devDependencies };

it('every @tensorflow package is pinned to the same exact version', () => {
	const versions = Object.entries(wanted).filter(([name]) => name.startsWith('@tensorflow/'));
	expect(versions.length).toBeGreaterThan(1);
	const [first] = versions.map(([, version]) => version);
	expect(first).toMatch(/^\d+\.\d+\.\d+$/);
	for (const [name, version] of versions) expect(`${name} ${version}`).toBe(`${name} ${first ?? ''}`);
});

it('no second version of tfjs is installed beside it', () => {
	const installed = Object.entries(lock.packages).filter(([path]) => /node_modules\/@tensorflow\/[^/]+$/.test(path));
	expect(installed.length).toBeGreaterThan(1);
	expect([...new Set(installed.map(([, { version }]) => version))]).toEqual([wanted['@tensorflow/tfjs-core']]);
});

it('every dependency is pinned exactly', () => {
	for (const [name, version] of Object.entries(wanted)) expect(`${name} ${version}`).toMatch(/ \d+\.\d+\.[\w.-]+$/);
});

it('the lock file holds no addresses', () => {
	expect(Object.keys(lock.packages).length).toBeGreaterThan(100);
	expect(Object.entries(lock.packages).filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
});
