import { rmSync } from 'node:fs';
import path from 'node:path';
import { foreground } from '../lib/foreground.mjs';
import { startPostgres } from '../lib/postgres.mjs';
import { step } from '../lib/say.mjs';
import { build } from './build.mjs';

/** More than the bench has clients, for each of its databases. */
const CONNECTIONS_MAX = 400;

/**
 * The benchmark, on the server that DATABASE_URL names, else on one of its own that begins empty
 * and writes as durably as a real one.
 * @param {readonly string[]} args of bench/src/options.ts
 */
export async function bench(args) {
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
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
function run(args, env) {
  return foreground(process.execPath, ['bench/dist/main.js', ...args], { env });
}
