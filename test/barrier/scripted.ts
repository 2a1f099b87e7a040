// A participant whose handlers leave a mark of having run, and then do as the payload says.
import type { Context, Participant, Refused } from '@concordat/participant-sdk';
import {
  ensureBarrier,
  participant,
  postgresBarrier,
  postgresTwoPhase,
  refused,
} from '@concordat/participant-sdk';
import type { Json } from '@concordat/protocols';
import type { Pool, PoolClient } from 'pg';
import type { Latch } from './calling.js';

export type Script =
  | 'obey'
  | 'refuse'
  | 'wait-and-refuse'
  | 'throw'
  | 'swallow' // an SQL error, which the handler ignores
  | 'mistake' // an SQL error: what must not be null is
  | 'wait' // at the door
  | 'only-read';

const scripts: readonly unknown[] = [
  'obey',
  'refuse',
  'wait-and-refuse',
  'throw',
  'swallow',
  'mistake',
  'wait',
  'only-read',
];

function isScript(payload: Json): payload is Script {
  return scripts.includes(payload);
}

export interface Scripted {
  readonly participant: Participant;
  /** What was reported as having left a call in doubt. */
  readonly reported: string[];
  /** The next door at which handlers wait. */
  door: Latch | undefined;
}

/** A mark for every handler that has run and whose writes stayed. */
export async function createEffects(pool: Pool): Promise<void> {
  await ensureBarrier(pool);
  await pool.query('create table effect (gtid text not null, branch text, operation text)');
}

/** The operations that have had an effect, in alphabetical order. */
export async function effectsOf(pool: Pool, gtid: string): Promise<readonly string[]> {
  const { rows } = await pool.query<{ operation: string }>(
    'select operation from effect where gtid = $1 order by operation',
    [gtid],
  );
  return rows.map(({ operation }) => operation);
}

export function scripted(pool: Pool, lockTimeoutMs = 2_000): Scripted {
  const reported: string[] = [];
  const question = async (context: Context<Script>, tx: PoolClient): Promise<Json | Refused> =>
    (await order(context, tx)) ?? { by: context.operation, token: context.token };
  const order = async (
    { gtid, branch, operation, payload }: Context<Script>,
    tx: PoolClient,
  ): Promise<Refused | undefined> => {
    if (payload === 'only-read') return undefined;
    const values = [gtid, branch, operation];
    await tx.query('insert into effect (gtid, branch, operation) values ($1, $2, $3)', values);
    if (payload === 'wait' || payload === 'wait-and-refuse') await self.door?.wait();
    if (payload === 'throw') throw new Error('out of order');
    if (payload === 'swallow') await tx.query('select 1 / 0').catch(() => undefined);
    if (payload === 'mistake') await tx.query('insert into effect (gtid) values (null)');
    return payload.endsWith('refuse') ? refused('not today') : undefined;
  };
  const self: Scripted = {
    reported,
    door: undefined,
    participant: participant<Script, PoolClient>({
      barrier: postgresBarrier(pool, { lockTimeoutMs }),
      parse: (payload) => (isScript(payload) ? payload : refused('no such script')),
      saga: { execute: question, compensate: order },
      tcc: { try: question, confirm: order, cancel: order },
      twoPhase: {
        resourceManager: postgresTwoPhase(pool, { lockTimeoutMs }),
        prepare: order,
      },
      report: (error) => reported.push(String(error)),
    }),
  };
  return self;
}
