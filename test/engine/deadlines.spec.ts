// The deadline and the initiator's commit in the same millisecond (fault 45): one of them is
// written, and the other is told what was. Nobody hears of both.
//
// The clock of the engines stands still at the deadline, and the first append is held until the
// second one has come: so each race is run both ways, at one instance and between two.
import type { Entry, Ports } from '@concordat/engine';
import type { GlobalTransactionId, Instant } from '@concordat/protocols';
import { summaryOf } from '@concordat/protocols';
import { describe, expect, test } from 'vitest';
import { databaseFromTemplate } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import type { Instance } from './engines.js';
import { branch, instanceOn, request, willing } from './engines.js';

const { databaseUrl, pool } = await databaseFromTemplate();
const PATIENCE_MS = 60_000;
const DEADLINE_MS = 50;

/** An instance whose clock a test can stop, and whose next append it can hold. */
interface Stoppable extends Instance {
  stopClockAt(at: Instant): void;
  /** Resolves with the next append once it is under way; nothing of it is written before `go`. */
  holdAppend(): { readonly entry: Promise<Entry>; readonly go: () => void };
}

async function stoppable(): Promise<Stoppable> {
  let stoppedAt: Instant | undefined;
  let onAppend: ((entry: Entry) => Promise<void>) | undefined;
  const instance = await instanceOn(databaseUrl, willing, { leaseMs: 60_000 }, (ports: Ports) => ({
    ...ports,
    clock: { now: () => stoppedAt ?? ports.clock.now() },
    journal: {
      load: (gtid) => ports.journal.load(gtid),
      findByKey: (key) => ports.journal.findByKey(key),
      append: async (entry) => {
        const held = onAppend;
        onAppend = undefined;
        await held?.(entry);
        return ports.journal.append(entry);
      },
    },
  }));
  return {
    ...instance,
    stopClockAt: (at) => (stoppedAt = at),
    holdAppend: () => {
      const arrived = Promise.withResolvers<Entry>();
      const released = Promise.withResolvers<void>();
      onAppend = (entry) => {
        arrived.resolve(entry);
        return released.promise;
      };
      return { entry: arrived.promise, go: released.resolve };
    },
  };
}

/** One that waits for its initiator, and whose deadline is now. */
async function atItsDeadline(
  first: Stoppable,
  second: Stoppable,
): Promise<{ gtid: GlobalTransactionId; deadlineAt: Instant }> {
  const instances = [first, second];
  const begunAt = Date.now() as Instant;
  for (const instance of instances) instance.stopClockAt(begunAt); // however slow this machine is
  const { gtid } = await first.engine.begin(
    request({ branches: [], driven: false, deadlineMs: DEADLINE_MS }),
  );
  await first.engine.enlist(gtid, [branch('bank'), branch('shop')]);
  const deadlineAt = (begunAt + DEADLINE_MS) as Instant;
  await eventually('it is due by the database’s clock', async () => {
    const { rows } = await pool.query<{ due: boolean }>(
      'select due_at < now() as due from concordat.global_transaction where gtid = $1',
      [gtid],
    );
    return rows[0]?.due;
  });
  for (const instance of instances) instance.stopClockAt(deadlineAt);
  return { gtid, deadlineAt };
}

async function endOf(instance: Stoppable, gtid: GlobalTransactionId): Promise<unknown> {
  const record = await instance.engine.untilEnded(gtid, PATIENCE_MS);
  return record && summaryOf(record.transaction).outcome;
}

describe.each([
  ['at one instance', 1],
  ['at two instances', 2],
])('a commit in the millisecond of the deadline, %s', (_, count) => {
  async function instances(): Promise<readonly [Stoppable, Stoppable]> {
    const first = await stoppable();
    return [first, count === 1 ? first : await stoppable()];
  }

  test('the deadline is being written when the commit comes', async () => {
    const [sweeping, asked] = await instances();
    const { gtid, deadlineAt } = await atItsDeadline(asked, sweeping);
    const held = sweeping.holdAppend();
    await sweeping.engine.wake(gtid);
    expect(await held.entry).toMatchObject({ at: deadlineAt, line: deadlineOf(deadlineAt) });
    const wished = asked.engine.wish(gtid, 'commit');
    if (count === 2) expect(await wished).toMatchObject({ type: 'granted' });
    held.go();
    await expectOneTruth([sweeping, asked], gtid, count === 1 ? 'rolled-back' : 'committed');
    if (count === 1) expect((await wished).type).toBe('contradicted');
  });

  test('the commit is being written when the deadline comes', async () => {
    const [sweeping, asked] = await instances();
    const { gtid, deadlineAt } = await atItsDeadline(asked, sweeping);
    const held = asked.holdAppend();
    const wished = asked.engine.wish(gtid, 'commit');
    expect(await held.entry).toMatchObject({
      at: deadlineAt,
      line: { events: [{ type: 'commit-requested' }] },
    });
    await sweeping.engine.wake(gtid);
    if (count === 2) expect(await endOf(sweeping, gtid)).toBe('rolled-back');
    held.go();
    const { type } = await wished;
    await expectOneTruth([sweeping, asked], gtid, count === 1 ? 'committed' : 'rolled-back');
    expect(type).toBe(count === 1 ? 'granted' : 'contradicted');
  });
});

const deadlineOf = (at: Instant): object => ({ events: [{ type: 'woken', at }] });

/** Whoever is asked says the same, and the participants have heard nothing else. */
async function expectOneTruth(
  instances: readonly [Stoppable, Stoppable],
  gtid: GlobalTransactionId,
  outcome: 'committed' | 'rolled-back',
): Promise<void> {
  for (const instance of instances) {
    expect(await endOf(instance, gtid)).toBe(outcome);
    await eventually('nothing is under way', () => instance.engine.inFlight() === 0);
    expect(await endOf(instance, gtid)).toBe(outcome);
    expect(instance.troubles).toEqual([]);
  }
  const heard = new Set(instances.flatMap(({ asked }) => asked.map(({ call }) => call.operation)));
  expect([...heard].toSorted()).toEqual(
    outcome === 'committed' ? ['commit', 'prepare'] : ['rollback'],
  );
}
