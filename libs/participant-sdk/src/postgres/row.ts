// The barrier's row, and the one comparison.
import type { PoolClient } from 'pg';
import { assert } from '@concordat/protocols';
import type { Replied } from '../answers.js';
import type { Work } from '../barrier-rule.js';
import type { BranchCall } from '../handlers.js';
import { inlined } from './inlined.js';
import { FENCE } from './statements/fence.js';
import { LOOK } from './statements/look.js';
import { RECORD } from './statements/record.js';

/** A pool, or a client of one in a transaction. */
export type Queryable = Pick<PoolClient, 'query'>;

export type Fenced =
  | { readonly type: 'higher'; readonly work: Work }
  | { readonly type: 'equal'; readonly work: Work; readonly reply: Replied | null }
  | { readonly type: 'lower' };

export type Look = Fenced & { readonly committed: boolean };

/** What LOOK returns. */
export interface LookRow {
  readonly committed: boolean;
  readonly seen: {
    readonly compared: 'lower' | 'equal' | 'higher';
    readonly operation: string;
    readonly work: Work;
    readonly reply: Replied | null;
  } | null;
}

/** Compares the token of `call` with the highest one seen, and lets it pass if it is higher. */
export async function fence(db: Queryable, call: BranchCall): Promise<Fenced> {
  const { gtid, branch, token, operation } = call;
  const passed = await db.query<{ work: Work }>(FENCE, [gtid, branch, token, operation]);
  const row = passed.rows[0];
  if (row !== undefined) return { type: 'higher', work: row.work };
  return look(db, call);
}

/** The same comparison, without letting anything pass; and whether the branch has committed. */
export async function look(db: Queryable, call: BranchCall): Promise<Look> {
  const { rows } = await db.query<LookRow>(lookAt(call));
  return asLook(call, rows[0]);
}

/** The statement of `look`, to stand in a query with others. */
export function lookAt({ gtid, branch, token }: BranchCall): string {
  return inlined(LOOK, [gtid, branch, token]);
}

/** What `lookAt(call)` has found. */
export function asLook({ token, operation }: BranchCall, row: LookRow | undefined): Look {
  assert(row !== undefined, 'a look at a branch always finds one row');
  const { committed, seen } = row;
  switch (seen?.compared) {
    case undefined:
      return { type: 'higher', work: 'none', committed };
    case 'lower':
      return { type: 'lower', committed };
    case 'higher':
      return { type: 'higher', work: seen.work, committed };
    case 'equal':
      if (seen.operation === operation) {
        return { type: 'equal', work: seen.work, reply: seen.reply, committed };
      }
      throw new Error(`token ${token} of this branch was seen with ${seen.operation}`);
  }
}

/** @param reply what to repeat if the same call comes again; null: find out again */
export async function record(
  db: Queryable,
  { gtid, branch }: BranchCall,
  work: Work,
  reply: Replied | null,
): Promise<void> {
  await db.query(RECORD, [gtid, branch, work, reply && JSON.stringify(reply)]);
}
