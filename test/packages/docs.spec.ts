// What the pages for people say that can be checked: where their links lead, which settings there
// are, which routes, and a statement that is to be run on a database.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { RowDataPacket } from 'mysql2/promise';
import { createConnection } from 'mysql2/promise';
import { describe, expect, test } from 'vitest';
import { pathsOf } from '../../apps/coordinator/src/docs/paths.js';
import { newGtid } from '../support/gtids.js';
import { mariadbDatabase } from '../support/mariadb.js';
import { foldersOf } from '../tidy/sources.js';

const DAY_MS = 86_400_000;
const maria = await mariadbDatabase();

const pages = [
  'README.md',
  ...['ARCHITECTURE', 'OPERATIONS', 'PROOF', 'PROTOCOL', 'SECURITY', 'STYLE'].map(
    (name) => `docs/${name}.md`,
  ),
  ...[...foldersOf('libs'), 'apps/cli', 'migrations', 'bench'].map((place) => `${place}/README.md`),
].filter((file) => existsSync(file));

const textOf = (file: string): string => readFileSync(file, 'utf8');

/** As GitHub makes them. */
function anchorsIn(file: string): ReadonlySet<string> {
  const headings = [...textOf(file).matchAll(/^#+ (?<heading>.+)$/gm)];
  return new Set(
    headings.map(({ groups }) =>
      (groups?.['heading'] ?? '')
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** The links of a page that lead nowhere. */
function brokenIn(page: string): readonly string[] {
  const links = [...textOf(page).matchAll(/\]\((?<target>[^)\s]+)\)/g)];
  return links.flatMap(({ groups }) => {
    const { target = '' } = groups ?? {};
    if (/^https?:/.test(target)) return [];
    const [file = '', anchor] = target.split('#');
    const place = file === '' ? page : path.join(path.dirname(page), file);
    if (!existsSync(place)) return [target];
    return anchor === undefined || anchorsIn(place).has(anchor) ? [] : [target];
  });
}

test.each(pages)('every link of %s leads somewhere', (page) => {
  expect(brokenIn(page)).toEqual([]);
});

/** For tests, or said elsewhere: what the table does not have. */
const UNSAID = new Set(['CONCORDAT_CRASH_AT']);

describe('the settings in OPERATIONS.md', () => {
  test('are those that the coordinator reads, with their defaults', () => {
    const [, table = ''] = textOf('docs/OPERATIONS.md').split('\n## Settings\n');
    const [, rows = ''] = /\| --- \|.*\n(?<rows>(?:\|.*\n)+)/.exec(table) ?? [];
    const said = rows.split('\n').flatMap((row) => {
      const [, names = '', defaults = ''] = row.split('|').map((cell) => cell.trim());
      const values = defaults.split(' · ');
      return names.split(' · ').map((name, at) => [bare(name), bare(values[at] ?? '')] as const);
    });
    const known = settings().filter(([name]) => !UNSAID.has(name));
    const saidOf = new Map(said);
    expect(known.length).toBeGreaterThan(20);
    expect(known.map(([name]) => name).filter((name) => !saidOf.has(name))).toEqual([]);
    for (const [name, value] of known) {
      if (value !== undefined) expect(`${name} ${saidOf.get(name)}`).toBe(`${name} ${value}`);
    }
    const names = new Set(known.map(([name]) => name));
    const others = said.map(([name]) => name).filter((name) => name !== '' && !names.has(name));
    expect(others).toEqual(['CONCORDAT_PARTICIPANT_<NAME>']);
  });
});

/** By name, with what they are if nobody says; undefined where that is nothing. */
function settings(): readonly (readonly [string, string | undefined])[] {
  const files = ['config.ts', 'access/settings.ts'];
  const source = files.map((file) => textOf(`apps/coordinator/src/${file}`)).join('\n');
  return [...source.matchAll(/^ {2}(?<name>[A-Z_]{4,}): (?<schema>.+),$/gm)].map(({ groups }) => {
    const { name = '', schema = '' } = groups ?? {};
    const value = /\.default\((?<value>[^)]+)\)/.exec(schema)?.groups?.['value'];
    const text = value?.replaceAll(/'|(?<=\d)_(?=\d)/g, '');
    return [name, text === '' ? undefined : text];
  });
}

function bare(cell: string): string {
  return cell.replaceAll('`', '');
}

test('the routes in PROTOCOL.md are those that there are', () => {
  const [, table = ''] = textOf('docs/PROTOCOL.md').split('\n## 1. Initiator → coordinator\n');
  const [rows = ''] = table.split('\n### Begin\n');
  const served = Object.keys(pathsOf([]));
  const isSaid = (route: string): boolean => {
    const [, last = ''] = /(?<last>\/[a-z-]+)$/.exec(route) ?? [];
    return rows.includes(`${route}\``) || rows.includes(`· \`${last}\``);
  };
  expect(served.filter((route) => !isSaid(route))).toEqual([]);
  for (const [, said = ''] of rows.matchAll(/`(?:GET|POST) (?<path>\/[^`]*)`/g)) {
    expect(served).toContain(said);
  }
});

test('the outcome rows of old branches are deleted, and nobody is waited for', async () => {
  const [, statement = ''] =
    /```sql\n(?<statement>delete from concordat_outcome[^`]+)```/.exec(
      textOf('docs/OPERATIONS.md'),
    ) ?? [];
  const [, create = ''] =
    /`(create table concordat_outcome [^`]+)`/.exec(textOf('docs/PROTOCOL.md')) ?? [];
  await maria.pool.query(create);
  const ages = [40, 32, 30, 0];
  const names = ages.map((days) => `concordat:0a1b2c3d:${newGtid(Date.now() - days * DAY_MS)}`);
  const others = `concordat:ffffffff:${newGtid(Date.now() - 40 * DAY_MS)}`;
  const insert = 'insert into concordat_outcome (gtrid, bqual) values (?, ?)';
  for (const name of [...names, others]) await maria.pool.query(insert, [name, 'a']);
  const prepared = `'concordat:0a1b2c3d:${newGtid()}','a',1`;
  const session = await createConnection(maria.url);
  await session.query(`xa start ${prepared}`);
  await session.query(insert, [`concordat:0a1b2c3d:${newGtid()}`, 'a']);
  await session.query(`xa end ${prepared}`);
  await session.query(`xa prepare ${prepared}`);

  const pruning = await createConnection(maria.url);
  await pruning.query('set innodb_lock_wait_timeout = 1');
  await pruning.query(statement);
  const [left] = await pruning.query<RowDataPacket[]>('select gtrid from concordat_outcome');
  expect(new Set(left.map(({ gtrid }) => String(gtrid)))).toEqual(
    new Set([...names.slice(2), others]),
  );
  await pruning.end();
  await session.query(`xa rollback ${prepared}`);
  await session.end();
});
