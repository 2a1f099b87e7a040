// A participant whose handlers leave a mark of having run, and then do as the payload says.
import type {
  Barrier,
  Context,
  Participant,
  Refused,
  ResourceManager,
} from '@concordat/participant-sdk';
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
  | 'only-read'
  | 'redefine'; // a table, which commits on MariaDB and MySQL what came before it

const scripts: readonly unknown[] = [
  'obey',
  'refuse',
  'wait-and-refuse',
  'throw',
  'swallow',
  'mistake',
  'wait',
  'only-read',
  'redefine',
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
  await pool.query(EFFECT);
}

export const EFFECT =
  'create table effect (gtid varchar(64) not null, branch varchar(64), operation varchar(32))';

/** The operations that have had an effect, in alphabetical order. */
export async function effectsOf(pool: Pool, gtid: string): Promise<readonly string[]> {
  const { rows } = await pool.query<{ operation: string }>(
    'select operation from effect where gtid = $1 order by operation',
    [gtid],
  );
  return rows.map(({ operation }) => operation);
}

export function scripted(pool: Pool, lockTimeoutMs = 2_000): Scripted {
  return scriptedOn<PoolClient>({
    barrier: postgresBarrier(pool, { lockTimeoutMs }),
    resourceManager: postgresTwoPhase(pool, { lockTimeoutMs }),
    run: (tx, statement) => tx.query(statement),
  });
}

/** Where the handlers of a scripted participant write. */
export interface ScriptedStore<Tx> {
  readonly barrier: Barrier<Tx>;
  readonly resourceManager: ResourceManager<Tx>;
  run(tx: Tx, statement: string): Promise<unknown>;
}

export function scriptedOn<Tx>(store: ScriptedStore<Tx>): Scripted {
  const { barrier, resourceManager } = store;
  const reported: string[] = [];
  const question = async (context: Context<Script>, tx: Tx): Promise<Json | Refused> =>
    (await order(context, tx)) ?? { by: context.operation, token: context.token };
  const order = async (
    { gtid, branch, operation, payload }: Context<Script>,
    tx: Tx,
  ): Promise<Refused | undefined> => {
    const run = (statement: string): Promise<unknown> => store.run(tx, statement);
    if (payload === 'only-read') return undefined;
    await run(`insert into effect values ('${gtid}', '${branch}', '${operation}')`);
    if (payload === 'wait' || payload === 'wait-and-refuse') await self.door?.wait();
    if (payload === 'throw') throw new Error('out of order');
    if (payload === 'swallow') await run('select * from nowhere').catch(() => undefined);
    if (payload === 'mistake') await run('insert into effect (gtid) values (null)');
    if (payload === 'redefine') await run('create table if not exists redefined (id integer)');
    return payload.endsWith('refuse') ? refused('not today') : undefined;
  };
  const self: Scripted = {
    reported,
    door: undefined,
    participant: participant<Script, Tx>({
      barrier,
      parse: (payload) => (isScript(payload) ? payload : refused('no such script')),
      saga: { execute: question, compensate: order },
      tcc: { try: question, confirm: order, cancel: order },
      twoPhase: { resourceManager, prepare: order },
      report: (error) => reported.push(String(error)),
    }),
  };
  return self;
}
