// Every package that is published has a README, and its examples do what they say: they are run as
// a newcomer would run them, against the packages as they are built, and servers that are real.
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandsIn, patternOf, typed } from '../support/console.js';
import type { Example, Surroundings } from '../support/readme.js';
import { examplesIn, runExample } from '../support/readme.js';
import { published } from './published.js';
import type { Checks } from './services.js';
import { commits, paysAndCompensates, serve } from './services.js';
import { withCoordinator, withDatabases } from './surroundings.js';

/** Its README has commands, and no programs. */
const COMMAND = 'apps/cli';
const libraries = published.filter((place) => place !== COMMAND);

const coordinator = await withCoordinator();
const { surroundings: databases, rowsOf, mysqlRowsOf } = await withDatabases();

/** What a package's examples find around them; nothing, if it is not here. */
const NEEDS: ReadonlyMap<string, Surroundings> = new Map([
  ['apps/coordinator', databases],
  ['libs/access', databases],
  ['libs/client', coordinator],
  ['libs/recovery', coordinator],
  ['libs/embedded', databases],
  ['libs/journal', databases],
  ['libs/nestjs', databases],
  ['libs/participant-sdk', databases],
  ['libs/wakeups', databases],
  ['migrations', databases],
]);

/** Examples that do not end, by the package and the heading. */
const SERVICES: ReadonlyMap<string, { readonly path: string; readonly checks: Checks }> = new Map([
  [
    'libs/participant-sdk: @concordat/participant-sdk',
    { path: '/payment', checks: paysAndCompensates(() => rowsOf('payment')) },
  ],
  [
    'libs/participant-sdk: TypeORM',
    { path: '/payment', checks: commits(10, () => rowsOf('paid')) },
  ],
  [
    'libs/participant-sdk: MariaDB and MySQL',
    { path: '/stock', checks: commits('teapot', () => mysqlRowsOf('stock')) },
  ],
]);

interface Row extends Example {
  readonly place: string;
}

const readmes = await Promise.all(libraries.map(readmeOf));

async function readmeOf(place: string): Promise<readonly Row[]> {
  const examples = await examplesIn(`${place}/README.md`).catch((): readonly Example[] => []);
  return examples.map((example) => ({ place, ...example }));
}

describe('every package that is published', () => {
  test.each(libraries)('%s has a README with an example', async (place) => {
    expect(await examplesIn(`${place}/README.md`)).not.toEqual([]);
  });

  test.each(readmes.flat())(
    '$place: "$heading" does what it says',
    async ({ place, ...example }) => {
      const surroundings = NEEDS.get(place) ?? {};
      const service = SERVICES.get(`${place}: ${example.heading}`);
      if (service !== undefined) return serve(example, service, surroundings);
      expect(example.prints).not.toBe('');
      expect(await runExample(example, forExample(example, surroundings))).toEqual({
        code: 0,
        printed: example.prints,
        complained: '',
      });
    },
  );
});

test('an example that is a service is in a README', () => {
  const examples = readmes.flat().map(({ place, heading }) => `${place}: ${heading}`);
  expect(examples).toEqual(expect.arrayContaining([...SERVICES.keys()]));
});

test('the commands of apps/cli print what its README says', async () => {
  const { replacing = {}, env = {} } = coordinator;
  const PATH = `${path.resolve('node_modules/.bin')}:${process.env['PATH']}`;
  const here = { ...env, PATH, CONCORDAT_URL: Object.values(replacing)[0] };
  const commands = await commandsIn(`${COMMAND}/README.md`);
  for (const { command, prints, printed, code } of await typed(commands, replacing, here)) {
    expect(printed, command).toMatch(patternOf(prints));
    expect([command, code === 0]).toEqual([command, !prints.startsWith('concordat: ')]);
  }
}, 120_000);

/** Not every example of a README names the coordinator. */
function forExample(
  { program }: Example,
  { replacing = {}, env = {} }: Surroundings,
): Surroundings {
  const named = Object.entries(replacing).filter(([text]) => program.includes(text));
  return { env, replacing: Object.fromEntries(named) };
}
