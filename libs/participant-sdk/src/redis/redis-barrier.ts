// The barrier on Redis, for TCC and sagas whose *work itself* is in Redis: a reservation, a
// counter, a hold. Work in another database needs the barrier of that database: two stores, one
// barrier between them, is no barrier.
//
//   look ─▶ handler: reads are answered, writes are collected ─▶ commit, one script
//     │                                                              │
//     │   done: row at the new token, writes and reply ◀─────────────┤
//     │   moved, changed: nothing was done, look again ◀─────────────┘
//     └ not higher: repeat the recorded reply, or stale
//
// R1. Fence, work and reply are one script, and a script is atomic: it is all there or not at all,
//     also if nobody hears its answer. Sent again (ioredis does so by itself after a reconnect), it
//     finds the row moved and does nothing; the look that follows finds the reply.
// R2. Nobody waits for anybody. Copies of a call may run their handlers at once, and one of them
//     commits; a handler is run again if what it read has changed. It must therefore do nothing but
//     read and write through `tx`. Who never gets his turn is told to ask again (Busy).
// R3. The row stays, without a time to live: as long as a try or a step may still be undone or
//     confirmed, to forget it would be to break a promise on one's own.
//
// What Redis does not do, and nobody can do for it:
//
// - It replicates later than it answers. A failover can lose a vote that was given, or the end of
//   it. `WAIT` makes that rarer, not impossible; so does `appendfsync always` for a power cut.
// - What is flushed, evicted or lost is lost with its votes. An order whose row is gone is answered
//   by the barrier's rule: a confirm with a heuristic rollback, which people see; a cancel is
//   empty. Run it with `maxmemory-policy noeviction`.
// - Rows stay, and take memory: some 300 bytes a branch, and its result. Delete those of
//   transactions that no coordinator remembers any more (30 days, unless it is set otherwise): a
//   gtid begins with its time, and `at` is the second of the last call.
// - Nothing can be left prepared, so there is no 2PC and no 3PC: neither has a type that fits.
import { unreachable } from '@concordat/protocols';
import type { InspectedBranch, Kept } from '../inspecting.js';
import type { Answer, Replied } from '../answers.js';
import { Busy, stale } from '../answers.js';
import type { Barrier, Handled } from '../barrier.js';
import type { Aim, Work } from '../barrier-rule.js';
import { verdict } from '../barrier-rule.js';
import type { BranchCall } from '../handlers.js';
import type { RedisClient } from './run-script.js';
import { runScript, scriptOf } from './run-script.js';
import { COMMIT } from './scripts/commit.js';
import { INSPECT } from './scripts/inspect.js';
import { LOOK } from './scripts/look.js';
import type { Slots } from './slots.js';
import { slotsOf } from './slots.js';
import type { Collected, RedisTransaction } from './transaction.js';
import { Collecting } from './transaction.js';

export interface RedisBarrierOptions {
  /**
   * Of the barrier's keys: `concordat:shop` makes `concordat:shop:<gtid>:<branch>`. In a cluster it
   * has a hash tag, `concordat:{shop}`, and so has every key that handlers read and write.
   */
  readonly prefix: string;
}

/** How often a handler is run for one call before somebody else must ask again (R2). */
const ATTEMPTS_MAX = 8;

const LOOK_SCRIPT = scriptOf(LOOK);
const INSPECT_SCRIPT = scriptOf(INSPECT);
const COMMIT_SCRIPT = scriptOf(COMMIT);

/**
 * @param redis the service's own; Redis 6 or newer, best with an account that others do not have
 * @throws {Error} if it is a cluster and `prefix` has no hash tag
 */
export function redisBarrier(
  redis: RedisClient,
  { prefix }: RedisBarrierOptions,
): Barrier<RedisTransaction> {
  const slots = slotsOf(redis, prefix);
  return {
    async pass(call, aim, handle) {
      if (aim === 'one-phase') throw new Error('Redis has no part in 2PC');
      const row = rowOf(prefix, call);
      for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
        const answer = await new Pass(redis, slots, row, call).once(aim, handle);
        if (answer !== 'again') return answer;
      }
      throw new Busy('others write what this call reads');
    },
    inspect: (branch) => inspect(redis, prefix, branch),
  };
}

function rowOf(prefix: string, { gtid, branch }: InspectedBranch): string {
  return `${prefix}:${gtid}:${branch}`;
}

/** For people; read where it is written, like LOOK. */
async function inspect(
  redis: RedisClient,
  prefix: string,
  branch: InspectedBranch,
): Promise<Kept | undefined> {
  const found = await runScript(redis, INSPECT_SCRIPT, [rowOf(prefix, branch)], []);
  const [token, operation, work, at] = found as readonly (string | null)[];
  if (token === null || token === undefined) return undefined;
  if (!isWork(work) || !operation) throw new Error('a row that is not of this barrier');
  const since = new Date(Number(at) * MS_PER_SECOND).toISOString();
  return { work, operation, token: Number(token), isAnswered: true, at: since };
}

const MS_PER_SECOND = 1_000;

type Handle = (tx: RedisTransaction) => Promise<Handled>;

interface Row {
  readonly token: string;
  readonly operation: string;
  readonly work: Work;
  readonly reply: Replied;
}

const nothing: Collected = { keys: [], reads: [], writes: [] };

class Pass {
  constructor(
    private readonly redis: RedisClient,
    private readonly slots: Slots,
    private readonly row: string,
    private readonly call: BranchCall,
  ) {}

  async once(aim: Aim, handle: Handle): Promise<Answer | 'again'> {
    const { token, operation } = this.call;
    const seen = await this.look();
    if (seen !== undefined && Number(seen.token) > token) return stale;
    if (seen !== undefined && Number(seen.token) === token) {
      if (seen.operation === operation) return seen.reply;
      throw new Error(`token ${token} of this branch was seen with ${seen.operation}`);
    }
    const work = seen?.work ?? 'none';
    const what = verdict(aim, work);
    switch (what.type) {
      case 'contradiction': {
        const reason = `${operation} was asked again although its work is ${work}`;
        return { type: 'in-doubt', reason };
      }
      case 'answer':
        return this.commit(seen, what.becomes, what.answer, nothing);
      case 'run':
        return this.run(seen, work, what.becomes, handle);
      default:
        return unreachable(what);
    }
  }

  private async run(
    seen: Row | undefined,
    work: Work,
    becomes: Work,
    handle: Handle,
  ): Promise<Answer | 'again'> {
    const collecting = new Collecting(this.redis, this.slots);
    const handled = await handle(collecting.tx);
    const collected = collecting.end();
    if (handled.type === 'balked') return handled;
    const isRefused = handled.reply.type === 'refused';
    if (!isRefused) return this.commit(seen, becomes, handled, collected);
    return this.commit(seen, work, handled, { ...collected, writes: [] });
  }

  private async look(): Promise<Row | undefined> {
    const found = await runScript(this.redis, LOOK_SCRIPT, [this.row], []);
    const [token, operation, work, reply] = found as readonly (string | null)[];
    if (token === null || token === undefined) return undefined;
    if (!isWork(work) || !operation || !reply) throw new Error('a row that is not of this barrier');
    return { token, operation, work, reply: JSON.parse(reply) as Replied };
  }

  /** R1. */
  private async commit(
    seen: Row | undefined,
    work: Work,
    reply: Replied,
    { keys, reads, writes }: Collected,
  ): Promise<Answer | 'again'> {
    const { token, operation } = this.call;
    const fence = { seen: seen?.token ?? '', token: String(token), operation };
    const steps = { reads: reads.map(afterRow), writes: writes.map(afterRow) };
    const plan = JSON.stringify({ ...fence, work, reply: JSON.stringify(reply), ...steps });
    const said = await runScript(this.redis, COMMIT_SCRIPT, [this.row, ...keys], [plan]);
    if (said === 'done') return reply;
    if (said === 'moved' || said === 'changed') return 'again';
    throw new Error(String(said));
  }
}

/** Of the keys of the script, which Lua counts from 1, the row is the first. */
function afterRow<Step extends { readonly key: number }>(step: Step): Step {
  return { ...step, key: step.key + 2 };
}

const works: readonly unknown[] = ['none', 'done', 'read-only', 'completed', 'undone'];

function isWork(text: string | null | undefined): text is Work {
  return works.includes(text);
}
