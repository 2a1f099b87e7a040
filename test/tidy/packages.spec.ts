import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Manifest, Package } from './packages.js';
import { looseVersions, undeclared, unpublishable, wrongReferences } from './packages.js';
import { allSources, foldersOf, isTest, json, sourceOf } from './sources.js';

const sources = allSources();
const packages = [
  ...foldersOf('libs'),
  'migrations',
  ...foldersOf('apps'),
  ...foldersOf('examples'),
  'bench',
  'test',
].map(packageIn);
const published = packages.filter(({ manifest }) => manifest.private !== true);
/** The tests may use whatever the project's root installs. */
const built = packages.filter(({ place }) => place !== 'test');

describe('every package', () => {
  test('declares what it imports, and of ours no more', () => {
    expect(built.flatMap(undeclared)).toEqual([]);
  });

  test('is built after those that it depends on', () => {
    expect(built.flatMap((subject) => wrongReferences(subject, packages))).toEqual([]);
  });

  test('is built and checked with all the others', () => {
    const all = ['scripts', ...packages.map(({ place }) => place)];
    expect([...referencesOf('.')].sort()).toEqual(all.sort());
  });

  test('takes one exact version of what others make', () => {
    const root = { ...packageIn('bench'), place: '.', manifest: json('package.json') as Manifest };
    expect(looseVersions([root, ...packages])).toEqual([]);
  });

  test('can be published, if it is a library or a command', () => {
    const all = [...foldersOf('libs'), 'migrations', 'apps/cli', 'apps/coordinator'];
    expect(published.map(({ place }) => place)).toEqual(all);
    expect(published.flatMap(unpublishable)).toEqual([]);
  });
});

describe('the rules', () => {
  const manifest: Manifest = {
    name: '@concordat/a',
    version: '0.1.0',
    dependencies: { '@concordat/b': '0.1.0', pg: '1.0.0' },
  };
  const subject = (text: string): Package => ({
    place: 'libs/a',
    manifest,
    references: ['libs/c'],
    sources: [sourceOf('libs/a/src/index.ts', text)],
  });

  test('find an import that is not declared, and a package of ours that is not imported', () => {
    expect(undeclared(subject("import { z } from 'zod';"))).toEqual([
      'libs/a/package.json: imports zod, but does not depend on it',
      'libs/a/package.json: depends on @concordat/b, but does not import it',
    ]);
    expect(undeclared(subject("import { b } from '@concordat/b';"))).toEqual([]);
  });

  test('take what is only there to develop with for what it is made of, if it is bundled', () => {
    const { dependencies = {}, ...rest } = manifest;
    const importing = subject("import { b } from '@concordat/b';");
    const shipped = { ...importing, manifest: { ...rest, devDependencies: dependencies } };
    expect(undeclared(shipped)).toEqual([
      'libs/a/package.json: imports @concordat/b, but does not depend on it',
    ]);
    const bundled = { ...shipped, manifest: { ...shipped.manifest, private: true } };
    expect(undeclared(bundled)).toEqual([]);
    const both = { ...bundled, manifest: { ...bundled.manifest, dependencies: {} } };
    expect(undeclared(both)).toHaveLength(1);
  });

  test('find references that are missing, and such as are too many', () => {
    const other = {
      ...subject(''),
      place: 'libs/b',
      manifest: { ...manifest, name: '@concordat/b' },
    };
    expect(wrongReferences(subject(''), [other])).toEqual([
      'libs/a/tsconfig.json: its references and dependencies differ in libs/c',
      'libs/a/tsconfig.json: its references and dependencies differ in libs/b',
    ]);
  });

  test('find a range of versions, and a second version', () => {
    const withPg = (version: string): Package => ({
      ...subject(''),
      manifest: { ...manifest, dependencies: { pg: version } },
    });
    expect(looseVersions([withPg('1.0.0'), withPg('1.0.0')])).toEqual([]);
    expect(looseVersions([withPg('1.0.0'), withPg('1.0.1')])).toHaveLength(1);
    expect(looseVersions([withPg('^1.0.0')])).toHaveLength(1);
  });

  test('find what a published package lacks', () => {
    expect(unpublishable(subject(''))).toHaveLength(6);
    const command = { ...subject(''), manifest: { ...manifest, bin: { a: './dist/main.js' } } };
    expect(unpublishable(command)).toEqual(
      [
        'the licence',
        'a description',
        'files: what is built, without the build information',
        'a program of its own below bin',
      ].map((what) => `libs/a/package.json: lacks ${what}`),
    );
  });
});

function packageIn(place: string): Package {
  return {
    place,
    manifest: json(`${place}/package.json`) as Manifest,
    references: referencesOf(place),
    sources: sources.filter(
      (source) => source.path.startsWith(`${place}/`) && (place === 'test' || !isTest(source)),
    ),
  };
}

function referencesOf(place: string): readonly string[] {
  const { references } = json(`${place}/tsconfig.json`) as { references?: { path: string }[] };
  return (references ?? []).map((reference) => path.posix.join(place, reference.path));
}
