// A participant that does as it is told and leaves a mark, for tests of what lies beneath it.
import type { Context, Participant, PostgresOptions } from '@concordat/participant-sdk';
import { participant, postgresBarrier, postgresTwoPhase } from '@concordat/participant-sdk';
import type { Json } from '@concordat/protocols';
import type { Pool, PoolClient } from 'pg';

export interface Obedient {
  readonly participant: Participant;
  /** What was reported as having left a call in doubt. */
  readonly reported: string[];
}

export type Handler = (context: Context<Json>, tx: PoolClient) => Promise<void>;

/** Its mark: a row of the table `effect` (barrier/scripted.ts) for every operation that stays. */
export const mark: Handler = async ({ gtid, branch, operation }, tx) => {
  await tx.query('insert into effect (gtid, branch, operation) values ($1, $2, $3)', [
    gtid,
    branch,
    operation,
  ]);
};

export function obedient(pool: Pool, options: PostgresOptions, handler: Handler = mark): Obedient {
  const reported: string[] = [];
  return {
    reported,
    participant: participant<Json, PoolClient>({
      barrier: postgresBarrier(pool, options),
      parse: (payload) => payload,
      saga: { execute: handler, compensate: handler },
      tcc: { try: handler, confirm: handler, cancel: handler },
      twoPhase: { resourceManager: postgresTwoPhase(pool, options), prepare: handler },
      report: (error) => reported.push(String(error)),
    }),
  };
}
