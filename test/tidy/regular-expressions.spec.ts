// No regular expression is made of what a stranger has sent (41 of docs/SECURITY.md): what one
// matches stands in the source, and whoever could choose it could stop the process by it.
import { describe, expect, test } from 'vitest';
import type { Source } from './sources.js';
import { allSources, complain, isTest, sourceOf } from './sources.js';

/**
 * Made when a module or a server starts, of our own words: of a constant's `source`, of a list of
 * constants, and of the routes that are served, with every character of theirs escaped.
 */
const OF_OURS = new Set([
  'libs/operations/src/triage/fingerprint.ts',
  'libs/wire/src/operations/triage.ts',
  'apps/coordinator/src/http/allowed-methods.ts',
]);

function made(source: Source): readonly string[] {
  return complain(source, 'code', /\bRegExp\s*\(/g, () => 'a regular expression is made here');
}

/** `match`, `matchAll` and `search` make one of a text. */
function madeByTheWay(source: Source): readonly string[] {
  return complain(
    source,
    'uncommented',
    /\.(match|matchAll|search)\((?![/A-Z)])/g,
    () => 'of a text',
  );
}

/** Lua has patterns that need no more time than the text is long, and these are in the source. */
const LUA = 'libs/participant-sdk/src/redis/scripts/';

const served = allSources().filter(
  (source) =>
    !isTest(source) &&
    /^(libs|apps\/coordinator)\//.test(source.path) &&
    !OF_OURS.has(source.path) &&
    !source.path.startsWith(LUA),
);

describe('[41] regular expressions', () => {
  test('are never made of what a stranger sends', () => {
    expect(served.flatMap(made)).toEqual([]);
  });

  test('are what texts are matched by', () => {
    expect(served.flatMap(madeByTheWay)).toEqual([]);
  });

  test('those files that make one of our own words still do', () => {
    const makers = allSources().filter(({ path }) => OF_OURS.has(path));
    expect(makers.filter((source) => made(source).length === 0)).toEqual([]);
    expect(makers).toHaveLength(OF_OURS.size);
  });

  test('a rule finds one', () => {
    const source = sourceOf('libs/a/src/a.ts', 'new RegExp(query.filter); text.match(filter);');
    expect([made(source).length, madeByTheWay(source).length]).toEqual([1, 1]);
  });
});
