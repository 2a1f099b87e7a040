import { describe, expect, test } from 'vitest';
import { escapingImports, foreignImports, tableOf } from './imports.js';
import { allSources, foldersOf, isTest, sourceOf } from './sources.js';

// Who may import whom. Imports point inward: protocols, engine, adapters, apps. Adapters do not
// know each other, nothing knows an app. Left of the bar is ours, right of it what others make;
// `node:` is what Node brings, `*` is everything.
const TABLE = tableOf(`
  libs/crash-points    ←
  libs/protocols       ←
  libs/engine          ← protocols crash-points
  libs/wire            ← protocols                          | zod
  migrations           ←                                    | typeorm
  libs/journal         ← protocols engine migrations crash-points | node: pg typeorm
  libs/participants    ← protocols engine wire              | node: undici pg mysql2 bullmq ioredis
  libs/wakeups         ← protocols engine                   | node: bullmq ioredis pg
  libs/participant-sdk ← protocols wire crash-points        | node: pg mysql2 typeorm ioredis bullmq express fastify
  libs/client          ← wire                               | node:
  libs/recovery        ← protocols engine wire              |
  libs/access          ← engine wire protocols              | node: jose openid-client
  libs/operations      ← access engine protocols recovery wire | node: zod
  libs/embedded        ← protocols engine wire journal participants recovery client | node: pg typeorm uuid
  libs/nestjs          ← protocols engine wire client embedded participant-sdk participants | node: @nestjs/common @nestjs/core @nestjs/terminus reflect-metadata rxjs typeorm
  libs/explorer        ← protocols participant-sdk           | node:
  libs/simulator       ← protocols engine participant-sdk recovery | node:
  apps/coordinator     ← crash-points protocols engine wire journal participants wakeups recovery embedded access operations | *
  apps/cli             ← wire                               | node: commander
  apps/dashboard       ← wire                               | *
  apps/bank            ← crash-points participant-sdk       | node: pg mysql2 zod
  apps/shop            ← participant-sdk                    | node: pg zod
  examples/embedded-transfer ← nestjs                       | @nestjs/common @nestjs/core @nestjs/platform-fastify typeorm
  examples/remote-client ← nestjs participant-sdk           | node: @nestjs/common @nestjs/core pg
  examples/saga-checkout ← nestjs                           | @nestjs/common @nestjs/core typeorm
  bench                ← embedded                           | node: pg undici typeorm
  scripts              ←                                    | node: pg
  test                 ← *                                  | *
`);

/** What a test that stands beside its subject may import as well. */
const FOR_TESTS = ['vitest', 'fast-check', 'node:'];
/** Whom a place may import by a relative path, for want of exports. */
const NEIGHBOURS: Readonly<Record<string, readonly string[]>> = { test: ['apps', 'scripts'] };

describe('the import table', () => {
  test('has a row for every package', () => {
    const places = [...foldersOf('libs'), ...foldersOf('apps'), ...foldersOf('examples')];
    const rows = TABLE.map((row) => row.place);
    expect([...rows].sort()).toEqual([...places, 'migrations', 'bench', 'scripts', 'test'].sort());
  });

  test.each(TABLE)('holds for $place', (row) => {
    const sources = allSources().filter(({ path }) => path.startsWith(`${row.place}/`));
    const complaints = sources.flatMap((source) => [
      ...foreignImports(source, isTest(source) ? forTests(row) : row),
      ...escapingImports(source, row.place, NEIGHBOURS[row.place]),
    ]);
    expect(sources).not.toEqual([]);
    expect(complaints).toEqual([]);
  });
});

describe('the rule', () => {
  const [row] = tableOf('libs/wire ← protocols | zod');
  const complaintsOf = (text: string) =>
    row ? foreignImports(sourceOf('libs/wire/src/a.ts', text), row) : undefined;

  test.each([
    ["import { a } from '@concordat/journal';", '@concordat/journal'],
    ["import type {\n  A,\n} from 'pg';", 'pg'],
    ["import 'reflect-metadata';", 'reflect-metadata'],
    ["export * from '@nestjs/common';", '@nestjs/common'],
    ["const fs = await import('node:fs');", 'node:fs'],
    ["type A = import('pg').Pool;", 'pg'],
  ])('finds %j', (text, target) => {
    expect(complaintsOf(text)).toEqual([
      expect.stringMatching(`^libs/wire/src/a.ts:\\d: libs/wire may not import ${target}$`),
    ]);
  });

  test.each([
    "import { a } from '@concordat/protocols';",
    "import { z } from 'zod/v4';",
    "import { b } from './b.js';",
    "// import { a } from 'pg';",
    'const text = "from \'pg\'";',
  ])('lets %j pass', (text) => {
    expect(complaintsOf(text)).toEqual([]);
  });

  test('finds a relative import of another package', () => {
    const source = sourceOf('libs/wire/src/a.ts', "import { p } from '../../protocols/src/b.js';");
    expect(escapingImports(source, 'libs/wire')).toHaveLength(1);
    expect(escapingImports(source, 'libs/wire', ['libs/protocols'])).toEqual([]);
  });
});

function forTests(row: (typeof TABLE)[number]): (typeof TABLE)[number] {
  return { ...row, others: [...row.others, ...FOR_TESTS] };
}
