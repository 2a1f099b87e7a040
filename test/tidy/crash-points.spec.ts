// Every crash point of the list stands in the sources, once: test/e2e/crash-points.e2e.ts goes by
// the list, and so by all of them.
import { crashPoints } from '@concordat/crash-points';
import { expect, test } from 'vitest';
import { allSources, isTest } from './sources.js';

const CALL = /\bcrashPoint\(\s*(?:'(?<name>[^']*)'|(?<other>[^)]*))/g;
const HOME = 'libs/crash-points/';

const calls = allSources()
  .filter((source) => !isTest(source) && !source.path.startsWith(HOME))
  .flatMap(({ path, uncommented }) =>
    [...uncommented.matchAll(CALL)].map(({ groups }) => {
      return { path, name: groups?.['name'], other: groups?.['other'] };
    }),
  );

test('each is called once, by its name', () => {
  const names = calls.map(({ path, name, other }) => name ?? `${path}: ${other}`);
  expect(names.toSorted()).toEqual(Object.keys(crashPoints).toSorted());
});

test('they are in the coordinator and in the SDK, and in nothing that decides', () => {
  const places = new Set(calls.map(({ path }) => path.split('/').slice(0, 2).join('/')));
  expect([...places].toSorted()).toEqual(['libs/engine', 'libs/journal', 'libs/participant-sdk']);
});
