// What must be in the databases before anybody is called.
import { ensureBarrier, requirePreparing } from '@concordat/participant-sdk/typeorm';
import type { DataSource } from 'typeorm';
import type { Plan } from './plans.js';

/** @throws BarrierMissing, or the database's own error */
export async function ensureBarriers(
  plans: readonly Plan[],
  databases: Readonly<Record<string, DataSource>> = {},
): Promise<void> {
  const used = new Set(plans.flatMap(({ database }) => database ?? []));
  const preparing = new Set(
    plans.flatMap(({ kind, database }) => (kind === '2pc' && database ? [database] : [])),
  );
  for (const [name, dataSource] of Object.entries(databases)) {
    if (used.has(name)) await ensureBarrier(dataSource);
    if (preparing.has(name)) await requirePreparing(dataSource);
  }
}
