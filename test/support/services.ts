// What the tests of a run share: a Postgres server with a migrated database to copy, a MariaDB
// server, a Redis, and a browser's files. They end with the run, even if it is killed
// (scripts/lib/keeper.mjs).
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { chromiumProgram } from '../../scripts/lib/chromium.mjs';
import { startMariadb } from '../../scripts/lib/mariadb.mjs';
import { startPostgres } from '../../scripts/lib/postgres.mjs';
import { isRunning } from '../../scripts/lib/processes.mjs';
import { startRedis } from '../../scripts/lib/redis.mjs';
import { leanCoordinator } from './lean-coordinator.js';
import { createDatabase, dropDatabase, migrated } from './server.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** A superuser's address on the server of this run; ask databases.ts for a database. */
    databaseUrl: string;
    /** The name of a migrated database there. Nobody may connect to it: it is copied. */
    template: string;
    /** A superuser's address on the server of this run; ask mariadb.ts for a database. */
    mariadbUrl: string;
    redisUrl: string;
    /** A coordinator as a program; it serves no pages (lean-coordinator.ts). */
    coordinator: string;
  }
}

const CHROMIUM_CACHE = path.resolve('node_modules/.cache/chromium');
const MARIADB_CACHE = path.resolve('node_modules/.cache/mariadb');
const REDIS_CACHE = path.resolve('node_modules/.cache/redis');
/** Without it no test passes, for those of the wakeups would say nothing. */
const NO_REDIS =
  'these tests need Redis: put redis-server or valkey-server on the PATH (there is none, and this ' +
  'machine could not get the package of Debian or Ubuntu)';
const DIRECTORY = /^concordat-test-(?<pid>\d+)-/;

type Stop = () => Promise<void>;

export default async function setUp(project: TestProject): Promise<Stop> {
  removeLeftovers();
  const dir = path.join(tmpdir(), `concordat-test-${process.pid}-${project.name}`);
  mkdirSync(dir, { recursive: true, mode: 0o755 });
  const stops = await Promise.all([
    providePostgres(project, path.join(dir, 'postgres')),
    provideMariadb(project, path.join(dir, 'mariadb')),
    provideRedis(project, path.join(dir, 'redis')),
    provideChromium(),
    provideCoordinator(project),
  ]);
  return async () => {
    await Promise.all(stops.map((stop) => stop()));
    rmSync(dir, { recursive: true, force: true });
  };
}

/** CONCORDAT_TEST_DATABASE_URL names a superuser's database on another server to test with. */
async function providePostgres(project: TestProject, dataDir: string): Promise<Stop> {
  const given = process.env['CONCORDAT_TEST_DATABASE_URL'];
  // A test run need not survive a power cut; every commit still waits for its WAL to be written.
  const settings = { fsync: 'off', full_page_writes: 'off' };
  const server = given === undefined ? await startPostgres({ dataDir, settings }) : undefined;
  const databaseUrl = server?.url() ?? given ?? '';
  const template = `concordat_template_${process.pid}_${project.name}`;
  await dropDatabase(databaseUrl, template); // of a killed run, whose id this process now has
  await migrated(await createDatabase(databaseUrl, template));
  project.provide('databaseUrl', databaseUrl);
  project.provide('template', template);
  return async () => {
    await dropDatabase(databaseUrl, template);
    await server?.stop();
  };
}

/**
 * CONCORDAT_TEST_MARIADB_URL names a superuser's database on another server to test with. Without
 * one, a machine that cannot get a MariaDB fails here: half of what is tested would not be.
 */
async function provideMariadb(project: TestProject, dataDir: string): Promise<Stop> {
  const given = process.env['CONCORDAT_TEST_MARIADB_URL'];
  const options = { dataDir, cache: MARIADB_CACHE };
  const server = given === undefined ? await startMariadb(options) : undefined;
  project.provide('mariadbUrl', server?.url() ?? given ?? '');
  return async () => server?.stop();
}

async function provideRedis(project: TestProject, dir: string): Promise<Stop> {
  const server = await startRedis({ dir, cache: REDIS_CACHE });
  if (server === undefined) throw new Error(NO_REDIS);
  project.provide('redisUrl', server.url);
  return () => server.stop();
}

/** Without it nobody would know whether the dashboard works: where it cannot be had, all fails. */
async function provideChromium(): Promise<Stop> {
  await chromiumProgram(CHROMIUM_CACHE);
  return () => Promise.resolve();
}

async function provideCoordinator(project: TestProject): Promise<Stop> {
  project.provide('coordinator', await leanCoordinator());
  return () => Promise.resolve();
}

/** The directories of runs that were killed. */
function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = DIRECTORY.exec(name)?.groups?.['pid'];
    if (pid === undefined || isRunning(Number(pid))) continue;
    rmSync(path.join(tmpdir(), name), { recursive: true, force: true });
  }
}
