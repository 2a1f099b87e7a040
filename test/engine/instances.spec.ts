// Several instances, one journal: whoever is there drives what is due, and nobody decides twice.
import type { Answer } from '@concordat/engine';
import { JournalUnavailable, Overloaded } from '@concordat/engine';
import { summaryOf } from '@concordat/protocols';
import { describe, expect, test } from 'vitest';
import { databaseFromTemplate } from '../support/databases.js';
import type { Instance, Script } from './engines.js';
import { branch, instanceOn, request, silence, willing } from './engines.js';

const { databaseUrl, pool } = await databaseFromTemplate();
const PATIENCE_MS = 60_000;
/**
 * For tests that count calls: each is made once under a lease. On a busy machine a short one may
 * run out, and what is being written just then is taken and asked again, by whoever comes first.
 */
const LASTING = { leaseMs: 60_000 };
const inDoubt: Answer = { type: 'in-doubt', reason: 'reset' };

async function outcomeAt({ engine }: Instance, gtid: string): Promise<string | undefined> {
  const record = await engine.find(gtid as Parameters<typeof engine.find>[0]);
  return record && summaryOf(record.transaction).outcome;
}

describe('an instance that falls silent', () => {
  test('is followed by another, which asks the same calls with the same tokens', async () => {
    const { answer, speak } = silence();
    const silent = await instanceOn(databaseUrl, () => answer);
    const { gtid } = await silent.engine.begin(request());
    const other = await instanceOn(databaseUrl, willing);
    other.engine.start();

    await expect.poll(() => outcomeAt(other, gtid), { timeout: PATIENCE_MS }).toBe('committed');
    const prepares = (instance: Instance) =>
      instance.asked.filter((q) => q.gtid === gtid && q.call.operation === 'prepare');
    expect(prepares(silent)).toHaveLength(2);
    expect(prepares(other).map(({ call }) => call.token)).toEqual([1, 1]);

    // It comes back with an answer to a question of long ago, and finds that it says nothing new.
    speak({ type: 'reply', reply: { type: 'refused' } });
    await expect.poll(() => silent.engine.inFlight(), { timeout: PATIENCE_MS }).toBe(0);
    expect(await outcomeAt(other, gtid)).toBe('committed');
    expect(await outcomeAt(silent, gtid)).toBe('committed');
    expect(silent.troubles).toEqual([]);
  });

  test('keeps others away while the calls that it has made may still be answered', async () => {
    const { answer, speak } = silence();
    const slow = await instanceOn(databaseUrl, () => answer, { leaseMs: 60_000 });
    const { gtid } = await slow.engine.begin(request());
    const other = await instanceOn(databaseUrl, willing);
    await other.engine.wake(gtid);
    expect(other.asked).toEqual([]);
    speak(inDoubt);
  });

  test('is followed soon, however long the calls may take that it has made', async () => {
    const { answer, speak } = silence();
    const silent = await instanceOn(databaseUrl, () => answer);
    const timeoutMs = 300_000;
    const branches = [branch('bank', { timeoutMs }), branch('shop', { timeoutMs })];
    const { gtid } = await silent.engine.begin(request({ branches }));
    const other = await instanceOn(databaseUrl, willing);
    other.engine.start();
    await expect.poll(() => outcomeAt(other, gtid), { timeout: PATIENCE_MS }).toBe('committed');
    speak(inDoubt);
  });

  test('keeps its lease while it is well, though its calls take longer', async () => {
    const { answer, speak } = silence();
    const slow = await instanceOn(databaseUrl, () => answer);
    slow.engine.start();
    const { gtid } = await slow.engine.begin(request());
    const leases = new Set<string>();
    const renewed = async () => {
      const { rows } = await pool.query<{ due_at: string }>(
        'select due_at::text from concordat.global_transaction where gtid = $1',
        [gtid],
      );
      return leases.add(rows[0]?.due_at ?? '').size;
    };
    await expect.poll(renewed, { timeout: PATIENCE_MS, interval: 10 }).toBeGreaterThan(5);
    expect(slow.asked.filter((question) => question.gtid === gtid)).toHaveLength(2);
    speak(inDoubt);
  });

  test('that has stopped does nothing any more, whatever it is still answered', async () => {
    const { answer, speak } = silence();
    const stopped = await instanceOn(databaseUrl, () => answer);
    const { gtid } = await stopped.engine.begin(request());
    await stopped.engine.stop(10);
    speak({ type: 'reply', reply: { type: 'prepared' } });
    await answer;
    await stopped.engine.written();
    const { rows } = await pool.query<object>(
      'select version, due_at <= now() as due from concordat.global_transaction where gtid = $1',
      [gtid],
    );
    expect(rows).toEqual([{ version: 1, due: true }]);
    expect(stopped.asked).toHaveLength(2); // it was never started: it takes nothing else
  });

  test('that stops in order hands over at once', async () => {
    const { answer, speak } = silence();
    const stopping = await instanceOn(databaseUrl, () => answer, { leaseMs: 60_000 });
    const { gtid } = await stopping.engine.begin(request());
    await stopping.engine.stop(10);
    const other = await instanceOn(databaseUrl, willing);
    other.engine.start();
    await expect.poll(() => outcomeAt(other, gtid), { timeout: PATIENCE_MS }).toBe('committed');
    speak(inDoubt);
  });
});

describe('opposite wishes at two instances', () => {
  test('one is granted, the other is told the decision', async () => {
    for (let round = 0; round < 20; round++) {
      const [left, right] = [
        await instanceOn(databaseUrl, willing),
        await instanceOn(databaseUrl, willing),
      ];
      const { gtid } = await left.engine.begin(request({ branches: [], driven: false }));
      await left.engine.enlist(gtid, [branch('bank'), branch('shop')]);
      const wished = await Promise.all([
        left.engine.wish(gtid, 'commit'),
        right.engine.wish(gtid, 'rollback'),
      ]);
      const ended = async () => {
        await Promise.all([left.engine.written(), right.engine.written()]);
        return outcomeAt(right, gtid);
      };
      await expect.poll(ended, { timeout: PATIENCE_MS }).toBeDefined();
      const outcome = await ended();
      const [commit, rollback] = wished.map(({ type }) => type);
      // A commit that is not decided yet may be granted, and then overtaken by the rollback.
      if (outcome === 'committed') expect([commit, rollback]).toEqual(['granted', 'contradicted']);
      else expect([outcome, rollback]).toEqual(['rolled-back', 'granted']);
    }
  });
});

describe('a journal that fails', () => {
  test('leaves a transaction that the sweep finds again, and finishes', async () => {
    let isBroken = false;
    const shaky = await instanceOn(databaseUrl, willing, {}, (ports) => ({
      ...ports,
      journal: {
        load: (gtid) => ports.journal.load(gtid),
        findByKey: (key) => ports.journal.findByKey(key),
        append: async (entry) => {
          const verdict = await ports.journal.append(entry);
          // Written, but nobody here will know: the reply is lost.
          if (isBroken && entry.transaction.version > 1) throw new JournalUnavailable('lost');
          return verdict;
        },
      },
    }));
    isBroken = true;
    const { gtid } = await shaky.engine.begin(request());
    await expect.poll(() => shaky.troubles.length, { timeout: PATIENCE_MS }).toBeGreaterThan(0);
    expect(shaky.engine.inFlight()).toBe(0);
    isBroken = false;
    shaky.engine.start();
    await expect.poll(() => outcomeAt(shaky, gtid), { timeout: PATIENCE_MS }).toBe('committed');
  });
});

describe('what a participant says beside its reply', () => {
  test('is kept, though another instance was faster with another reply', async () => {
    const [bank, never] = [silence(), silence()];
    const late = await instanceOn(databaseUrl, (question) => {
      if (question.call.operation !== 'commit') return willing(question);
      return question.call.branch === 'bank' ? bank.answer : never.answer;
    });
    const { gtid } = await late.engine.begin(request());
    const versionOf = async () => {
      const found = await pool.query<{ version: number }>(
        'select version from concordat.transaction where gtid = $1',
        [gtid],
      );
      return found.rows[0]?.version;
    };
    await expect.poll(() => late.asked.length, { timeout: PATIENCE_MS }).toBe(4);
    const other = await instanceOn(
      databaseUrl,
      (question) => (question.call.branch === 'bank' ? never.answer : willing(question)),
      LASTING,
    );
    other.engine.start();
    await expect.poll(versionOf, { timeout: PATIENCE_MS }).toBe(3);

    bank.speak({ type: 'reply', reply: { type: 'heuristic-rollback' }, note: 'its xid aborted' });
    await expect
      .poll(() => outcomeAt(late, gtid), { timeout: PATIENCE_MS })
      .toBe('heuristic-mixed');
    expect(await late.engine.find(gtid)).toMatchObject({
      transaction: { version: 4 },
      attempts: [{ branch: 'bank', lastError: 'heuristic-rollback: its xid aborted' }],
    });
    never.speak(inDoubt);
  });
});

describe('what a participant in doubt leaves behind', () => {
  test('is in the row, and the next instance goes on counting', async () => {
    const flaky = await instanceOn(databaseUrl, ({ call }) =>
      call.operation === 'commit' ? inDoubt : willing({ call } as never),
    );
    const { gtid } = await flaky.engine.begin(request({ branches: [branch('bank')] }));
    flaky.engine.start();
    const stored = async () => {
      const { rows } = await pool.query<{ stuck: boolean; attempts: { count: number }[] }>(
        'select stuck, attempts from concordat.global_transaction where gtid = $1',
        [gtid],
      );
      return rows[0];
    };
    await expect.poll(async () => (await stored())?.stuck, { timeout: PATIENCE_MS }).toBe(true);
    await flaky.engine.stop(1_000);
    const before = (await stored())?.attempts[0]?.count ?? 0;
    expect(before).toBeGreaterThanOrEqual(3);

    const other = await instanceOn(databaseUrl, () => inDoubt);
    other.engine.start();
    await expect
      .poll(async () => (await stored())?.attempts[0]?.count, { timeout: PATIENCE_MS })
      .toBeGreaterThan(before);
    const ours = other.asked.filter((question) => question.gtid === gtid);
    expect(ours.every(({ call }) => call.operation === 'commit')).toBe(true);
  });

  test('rolls back once it was asked as often as its initiator allows', async () => {
    const script: Script = ({ call }) =>
      call.operation === 'prepare' ? inDoubt : willing({ call } as never);
    const mute = await instanceOn(databaseUrl, script, LASTING);
    mute.engine.start();
    const retry = { attemptsMax: 2, firstDelayMs: 10, delayMaxMs: 10 };
    const branches = [branch('bank', { retry }), branch('shop', { retry })];
    const { gtid } = await mute.engine.begin(request({ branches }));
    const record = await mute.engine.untilEnded(gtid, PATIENCE_MS);
    expect(record && summaryOf(record.transaction).outcome).toBe('rolled-back');
    // Both may have prepared: no answer is not a refusal.
    const told = mute.asked.filter((q) => q.gtid === gtid && q.call.operation === 'rollback');
    expect(told.map(({ call }) => call.branch).toSorted()).toEqual(['bank', 'shop']);
  });
});

describe('a participant that cannot be reached', () => {
  test('is asked again when it is time, though its calls might have taken long', async () => {
    const { engine, asked } = await instanceOn(databaseUrl, () => inDoubt, LASTING);
    engine.start();
    const retry = { attemptsMax: 3, firstDelayMs: 10, delayMaxMs: 10 };
    const branches = [branch('bank', { retry, timeoutMs: 300_000 })];
    const { gtid } = await engine.begin(request({ branches }));
    const isRollingBack = () =>
      asked.some((question) => question.gtid === gtid && question.call.operation === 'rollback');
    await expect.poll(isRollingBack, { timeout: PATIENCE_MS }).toBe(true);
    const prepares = asked.filter((q) => q.gtid === gtid && q.call.operation === 'prepare');
    expect(prepares).toHaveLength(3);
  });
});

describe('what a participant says', () => {
  /** For each transaction: this instance may also take what another test has left unfinished. */
  const staleOnce = (): Script => {
    const known = new Set<string>();
    return ({ gtid, call }) => {
      if (call.operation !== 'commit' || known.has(gtid)) return willing({ call } as never);
      known.add(gtid);
      return { type: 'stale' };
    };
  };

  test('when it refuses is kept with its branch', async () => {
    const { engine } = await instanceOn(databaseUrl, ({ call }) =>
      call.operation === 'prepare' && call.branch === 'bank'
        ? { type: 'reply', reply: { type: 'refused' }, note: 'insufficient funds' }
        : willing({ call } as never),
    );
    const { gtid } = await engine.begin(request());
    await engine.untilEnded(gtid, PATIENCE_MS);
    await engine.written();
    const { rows } = await pool.query<{ attempts: object[] }>(
      'select attempts from concordat.ended_transaction where gtid = $1',
      [gtid],
    );
    expect(rows[0]?.attempts).toMatchObject([
      { branch: 'bank', count: 0, lastError: 'refused: insufficient funds' },
    ]);
  });

  test('when it has seen a newer token counts as a failure, if the journal has none', async () => {
    const { engine, asked } = await instanceOn(databaseUrl, staleOnce(), LASTING);
    engine.start();
    const { gtid } = await engine.begin(request({ branches: [branch('bank')] }));
    const record = await engine.untilEnded(gtid, PATIENCE_MS);
    expect(record && summaryOf(record.transaction).outcome).toBe('committed');
    expect(record?.attempts).toMatchObject([{ branch: 'bank', operation: 'commit', count: 1 }]);
    const commits = asked.filter((q) => q.gtid === gtid && q.call.operation === 'commit');
    expect(commits.map(({ call }) => call.token)).toEqual([2, 2]);
  });

  test('is asked for once more, not twice, however long the journal takes', async () => {
    const { engine, asked } = await instanceOn(databaseUrl, staleOnce(), LASTING, (ports) => ({
      ...ports,
      journal: {
        append: (entry) => ports.journal.append(entry),
        findByKey: (key) => ports.journal.findByKey(key),
        load: async (gtid) => {
          const record = await ports.journal.load(gtid);
          await new Promise((resolve) => setTimeout(resolve, 100));
          return record;
        },
      },
    }));
    const { gtid } = await engine.begin(request({ branches: [branch('bank')] }));
    const record = await engine.untilEnded(gtid, PATIENCE_MS);
    expect(record && summaryOf(record.transaction).outcome).toBe('committed');
    expect(record?.attempts).toMatchObject([{ branch: 'bank', operation: 'commit', count: 1 }]);
    expect(asked.map(({ call }) => call.operation)).toEqual(['prepare', 'commit', 'commit']);
  });
});

describe('bounds', () => {
  test('a begin beyond what may be in flight is refused, and leaves nothing', async () => {
    const { answer, speak } = silence();
    const full = await instanceOn(databaseUrl, () => answer, { inFlightMax: 2 });
    await full.engine.begin(request({ name: 'bounded' }));
    await full.engine.begin(request({ name: 'bounded' }));
    await expect(full.engine.begin(request({ name: 'bounded' }))).rejects.toThrow(Overloaded);
    const { rowCount } = await pool.query(
      `select from concordat.transaction where name = 'bounded'`,
    );
    expect(rowCount).toBe(2);
    speak(inDoubt);
  });

  test('what waits for its initiator takes no memory', async () => {
    const instance = await instanceOn(databaseUrl, willing);
    for (let i = 0; i < 10; i++) {
      await instance.engine.begin(request({ branches: [], driven: false }));
    }
    await expect.poll(() => instance.engine.inFlight(), { timeout: PATIENCE_MS }).toBe(0);
  });

  test('an enlistment beyond the bound is refused', async () => {
    const { engine } = await instanceOn(databaseUrl, willing, { branchesMax: 2 });
    const { gtid } = await engine.begin(request({ branches: [], driven: false }));
    expect((await engine.enlist(gtid, [branch('a'), branch('b')])).type).toBe('enlisted');
    expect((await engine.enlist(gtid, [branch('c')])).type).toBe('too-many');
    expect((await engine.enlist(gtid, [branch('b')])).type).toBe('enlisted');
  });

  test('an enlistment may be repeated in other words that mean the same', async () => {
    const { engine } = await instanceOn(databaseUrl, willing);
    const { gtid } = await engine.begin(request({ branches: [], driven: false }));
    const first = branch('a', { payload: { x: 1, y: [2] } });
    const again = branch('a', { payload: { y: [2], x: 1 }, onePhase: true });
    expect((await engine.enlist(gtid, [first])).type).toBe('enlisted');
    expect((await engine.enlist(gtid, [again])).type).toBe('enlisted');
    expect((await engine.enlist(gtid, [branch('a', { payload: 3 })])).type).toBe('duplicate');
  });
});

describe('what need not be forced', () => {
  test('is told at once, and is in the journal when that is asked for', async () => {
    const { engine } = await instanceOn(databaseUrl, willing, { lazyMs: 60_000 });
    const { gtid } = await engine.begin(request());
    const record = await engine.untilEnded(gtid, PATIENCE_MS);
    expect(record && summaryOf(record.transaction).outcome).toBe('committed');
    const phase = async () => {
      const { rows } = await pool.query<{ phase: string }>(
        'select phase from concordat.transaction where gtid = $1',
        [gtid],
      );
      return rows[0]?.phase;
    };
    expect(await phase()).toBe('committing'); // the decision was forced, its end was not
    await engine.written();
    expect(await phase()).toBe('ended');
  });

  test('is waited for also while it is being written', async () => {
    const { engine } = await instanceOn(databaseUrl, willing, { lazyMs: 60_000 });
    for (let round = 0; round < 20; round++) {
      const { gtid } = await engine.begin(request());
      await engine.untilEnded(gtid, PATIENCE_MS);
      const first = engine.written();
      await engine.written();
      const { rowCount } = await pool.query(
        'select from concordat.ended_transaction where gtid = $1',
        [gtid],
      );
      expect(rowCount).toBe(1);
      await first;
    }
  });
});
