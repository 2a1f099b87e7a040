import { rmSync } from 'node:fs';
import path from 'node:path';
import { Failure } from '../lib/failure.mjs';
import { foreground } from '../lib/foreground.mjs';
import { startPostgres } from '../lib/postgres.mjs';
import { say, step } from '../lib/say.mjs';
import { build } from './build.mjs';

/** More than the bench has clients, for each of its databases. */
const CONNECTIONS_MAX = 400;
const OPTIONS = new URL('../../bench/src/options.ts', import.meta.url);

/**
 * The benchmark, on the server that DATABASE_URL names, else on one of its own that begins empty
 * and writes as durably as a real one.
 * @param {readonly string[]} args of bench/src/options.ts
 */
export async function bench(args) {
  const usage = await usageAskedBy(args);
  if (usage !== undefined) {
    say(usage);
    return 0;
  }
  await build('bench', 'apps/coordinator', 'apps/bank');
  if (process.env['DATABASE_URL']) return run(args, process.env);
  const dataDir = path.resolve('.dev', `bench-${process.pid}`);
  const server = await step('PostgreSQL', () =>
    startPostgres({ dataDir, settings: { max_connections: CONNECTIONS_MAX } }),
  );
  try {
    return await run(args, { ...process.env, DATABASE_URL: server.url() });
  } finally {
    await server.stop();
    rmSync(server.dataDir, { recursive: true, force: true });
  }
}

/**
 * Looks at the arguments before anything is built or started: Node reads this one file as it is.
 * @param {readonly string[]} args
 * @returns {Promise<string | undefined>} rejects with a Failure if they are wrong
 */
async function usageAskedBy(args) {
  const { parseArguments, USAGE } = await import(OPTIONS.href);
  try {
    return parseArguments(args) === undefined ? USAGE : undefined;
  } catch (error) {
    throw new Failure(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/**
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
function run(args, env) {
  return foreground(process.execPath, ['bench/dist/main.js', ...args], { env });
}
