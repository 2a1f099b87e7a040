// `npm run mutants`: plants faults and sees whether the tests find them. Node runs this file as it
// is, without its types; that is why the imports of this folder name files that end in `.ts`.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startMariadb } from '../../../scripts/lib/mariadb.mjs';
import { startPostgres } from '../../../scripts/lib/postgres.mjs';
import { isRunning } from '../../../scripts/lib/processes.mjs';
import { paint, say } from '../../../scripts/lib/say.mjs';
import { buildForSetUp, copyProject } from './copy.ts';
import type { Where } from './killer.ts';
import { projectOf } from './killer.ts';
import type { Mutant } from './mutant.ts';
import { planted, Rotten } from './mutant.ts';
import { groups, mutants } from './mutants.ts';
import type { Outcome } from './run.ts';
import { baseline, isDead, Trouble, tryAll } from './run.ts';
import { rowsIn, tableOf, withTable } from './table.ts';

const PROJECT = path.resolve(import.meta.dirname, '../../..');
const PAGE = path.join(PROJECT, 'docs/PROOF.md');
const MARIADB_CACHE = path.join(PROJECT, 'node_modules/.cache/mariadb');
const LANES_DEFAULT = 2;
const LANES_MAX = 8;
const DIRECTORY = /^concordat-mutants-(?<pid>\d+)$/;
const USAGE = `npm run mutants                       plant all, write the table in docs/PROOF.md
npm run mutants -- --only M101,M702   plant these, write their rows
npm run mutants -- --list             say what would be planted
                   --lanes 4          so many at a time (${LANES_DEFAULT} unless said)`;

class BadArguments extends Error {}
class Interrupted extends Error {}

interface Options {
  readonly chosen: readonly Mutant[];
  readonly lists: boolean;
  readonly lanes: number;
}

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => interrupted.abort(new Interrupted(`stopped by ${signal}`)));
}
process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = optionsOf(args);
    if (options.lists) return list(options.chosen);
    const rotten = options.chosen.flatMap((mutant) => rotIn(mutant));
    for (const what of rotten) say(paint('red', what));
    return rotten.length > 0 ? 1 : await prove(options);
  } catch (error) {
    if (error instanceof BadArguments) say(`${paint('red', error.message)}\n\n${USAGE}`);
    else if (error instanceof Interrupted) say(paint('red', error.message));
    else if (error instanceof Trouble) say(`${paint('red', error.message)}\n\n${error.log}`);
    else throw error;
    return 1;
  }
}

function optionsOf(args: readonly string[]): Options {
  const { only, list: lists = false, lanes = `${LANES_DEFAULT}` } = parsed(args);
  const ids = only?.split(',').map((id) => id.trim());
  const unknown = ids?.filter((id) => !mutants.some((mutant) => mutant.id === id)) ?? [];
  if (unknown.length > 0) {
    throw new BadArguments(
      `there is no mutant ${unknown.join(', ')}; --list shows those there are`,
    );
  }
  if (!/^\d$/.test(lanes) || Number(lanes) < 1 || Number(lanes) > LANES_MAX) {
    throw new BadArguments(`--lanes is a number from 1 to ${LANES_MAX}, not ${lanes}`);
  }
  const chosen = ids === undefined ? mutants : mutants.filter(({ id }) => ids.includes(id));
  return { chosen, lists, lanes: Math.min(Number(lanes), chosen.length) };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: { only: { type: 'string' }, list: { type: 'boolean' }, lanes: { type: 'string' } },
    }).values;
  } catch (error) {
    throw new BadArguments(error instanceof Error ? error.message : String(error));
  }
}

/** What is wrong with a mutant whose place in the source has moved on. */
function rotIn(mutant: Mutant): readonly string[] {
  try {
    planted(readFileSync(path.join(PROJECT, mutant.file), 'utf8'), mutant);
    return [];
  } catch (error) {
    if (error instanceof Rotten) return [error.message];
    throw error;
  }
}

function list(chosen: readonly Mutant[]): number {
  for (const { title, mutants: inGroup } of groups) {
    const shown = inGroup.filter((mutant) => chosen.includes(mutant));
    if (shown.length === 0) continue;
    say(`\n${paint('bold', title)}`);
    for (const { id, fault, file } of shown) say(`  ${id}  ${fault}  ${paint('dim', file)}`);
  }
  return 0;
}

async function prove({ chosen, lanes: count }: Options): Promise<number> {
  const begunAt = Date.now();
  const dir = path.join(tmpdir(), `concordat-mutants-${process.pid}`);
  removeLeftovers();
  mkdirSync(dir, { mode: 0o755 });
  const servers = await serversFor(chosen, dir);
  try {
    const first = laneIn(path.join(dir, 'lane-1'), servers);
    say(`${chosen.length} faults to plant, ${count} at a time; first the tests without any`);
    for (const { project, tests } of await baseline(chosen, first)) {
      say(`  ${paint('green', '✓')} ${project}: ${tests} tests pass`);
    }
    const others = Array.from({ length: count - 1 }, (_, index) =>
      laneIn(path.join(dir, `lane-${index + 2}`), servers),
    );
    const troubles: Mutant[] = [];
    const outcomes = await tryAll(chosen, [first, ...others], (mutant, outcome) => {
      if (outcome instanceof Trouble) troubles.push(mutant);
      show(mutant, outcome);
    });
    return close(outcomes, troubles, Date.now() - begunAt);
  } finally {
    await servers?.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The directories of runs that were killed. */
function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = DIRECTORY.exec(name)?.groups?.['pid'];
    if (pid === undefined || isRunning(Number(pid))) continue;
    rmSync(path.join(tmpdir(), name), { recursive: true, force: true });
  }
}

/** What all runs share, each of which would start its own. */
interface Servers {
  readonly env: NodeJS.ProcessEnv;
  stop(): Promise<void>;
}

async function serversFor(chosen: readonly Mutant[], dir: string): Promise<Servers | undefined> {
  const isNeeded = chosen.some(({ killers }) => killers.some((one) => projectOf(one) !== 'unit'));
  if (!isNeeded) return undefined;
  const settings = {
    fsync: 'off',
    full_page_writes: 'off',
    max_connections: 500,
    max_prepared_transactions: 500,
  };
  const postgres = await startPostgres({ dataDir: path.join(dir, 'postgres'), settings });
  const mariadb = await startMariadb({ dataDir: path.join(dir, 'mariadb'), cache: MARIADB_CACHE });
  return {
    env: {
      CONCORDAT_TEST_DATABASE_URL: postgres.url(),
      CONCORDAT_TEST_MARIADB_URL: mariadb.url(),
    },
    stop: async () => {
      await Promise.all([postgres.stop(), mariadb.stop()]);
    },
  };
}

function laneIn(root: string, servers: Servers | undefined): Where {
  copyProject(PROJECT, root);
  if (servers !== undefined) buildForSetUp(root);
  return { root, env: { ...process.env, ...servers?.env }, signal: interrupted.signal };
}

function show(mutant: Mutant, outcome: Outcome | Trouble): void {
  const { id, fault } = mutant;
  if (outcome instanceof Trouble) {
    say(`  ${paint('red', '✗')} ${id} ${fault}: ${paint('red', 'NO VERDICT')}`);
    say(`${outcome.message}\n${outcome.log}`);
    return;
  }
  const { killed, also, tookMs } = outcome;
  const missed = also.filter(({ found }) => found === undefined).map(({ finder }) => finder);
  const found = also.filter((one) => one.found !== undefined).map(({ finder }) => finder);
  const by = [
    killed === undefined
      ? paint('red', 'SURVIVED')
      : paint('dim', ['killed by', killed.test, ...found.map((one) => `+ ${one}`)].join(' ')),
    ...missed.map((finder) => paint('red', `NOT FOUND BY THE ${finder.toUpperCase()}`)),
  ];
  const mark = isDead(outcome) ? paint('green', '✓') : paint('red', '✗');
  const took = paint('dim', `${(tookMs / 1000).toFixed(1)} s`);
  say(`  ${mark} ${id} ${fault}: ${by.join(', ')} ${took}`);
}

function close(outcomes: readonly Outcome[], troubles: readonly Mutant[], tookMs: number): number {
  const living = outcomes.filter((outcome) => !isDead(outcome)).map(({ mutant }) => mutant.id);
  const minutes = `${Math.floor(tookMs / 60_000)} min ${Math.round((tookMs % 60_000) / 1000)} s`;
  say(`\n${outcomes.length - living.length} killed, ${living.length} survived, in ${minutes}`);
  if (troubles.length > 0) {
    say(paint('red', `no verdict on ${troubles.map(({ id }) => id).join(', ')}`));
  }
  if (living.length > 0) {
    say(paint('red', `${living.join(', ')}: these faults could be made, and no test would tell`));
  }
  const page = readFileSync(PAGE, 'utf8');
  writeFileSync(PAGE, withTable(page, tableOf(groups, outcomes, rowsIn(page))));
  say(`their rows of the table in ${path.relative(PROJECT, PAGE)} are written`);
  return living.length + troubles.length > 0 ? 1 : 0;
}
