// A Redis cluster of one node, which has all slots: it minds them as every cluster does.
import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Cluster, Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import { end } from '../../scripts/lib/end.mjs';
import { keep } from '../../scripts/lib/keeper.mjs';
import { freePort } from '../../scripts/lib/ports.mjs';
import { redisFromPackage } from '../../scripts/lib/redis-package.mjs';
import { eventually } from '../support/eventually.js';

const HOST = '127.0.0.1';
const SLOTS = 16_384;

/** Ends with the test. */
export async function ownCluster(): Promise<Cluster> {
  const dir = mkdtempSync(path.join(tmpdir(), `concordat-test-${process.pid}-cluster-`));
  const port = await freePort();
  const address = {
    bind: HOST,
    port,
    'cluster-port': await freePort(),
    'cluster-announce-ip': HOST,
  };
  const settings = Object.entries({ ...address, dir, save: '', 'cluster-enabled': 'yes' });
  const found = await redisFromPackage(path.resolve('node_modules/.cache/redis'));
  const child = spawn(
    found?.program ?? 'redis-server',
    settings.flatMap(([name, value]) => [`--${name}`, String(value)]),
    { env: found?.env ?? process.env, stdio: 'ignore' },
  );
  keep(child);
  const node = new Redis(port, HOST, { maxRetriesPerRequest: null, enableReadyCheck: false });
  node.on('error', () => undefined);
  const cluster = new Cluster([{ host: HOST, port }], { lazyConnect: true });
  cluster.on('error', () => undefined);
  onTestFinished(async () => {
    node.disconnect();
    cluster.disconnect();
    await end(child);
    await rm(dir, { recursive: true, force: true });
  });
  await node.cluster('ADDSLOTSRANGE', 0, SLOTS - 1);
  await eventually('the cluster is ready', async () =>
    String(await node.cluster('INFO')).includes('cluster_state:ok'),
  );
  await cluster.connect();
  return cluster;
}
