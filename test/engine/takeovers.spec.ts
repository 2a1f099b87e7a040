// What an instance knows, and does, of a transaction that another one has taken over meanwhile.
import type { Answer, Entry } from '@concordat/engine';
import type { BranchId, GlobalTransactionId } from '@concordat/protocols';
import { summaryOf } from '@concordat/protocols';
import { expect, test } from 'vitest';
import { databaseFromTemplate } from '../support/databases.js';
import type { Instance } from './engines.js';
import { branch, instanceOn, request, silence, willing } from './engines.js';

const { databaseUrl } = await databaseFromTemplate();

async function phaseAt({ engine }: Instance, gtid: GlobalTransactionId) {
  const record = await engine.find(gtid);
  return record && summaryOf(record.transaction).phase;
}

test('told of a newer token it reads the journal, and believes its memory no more', async () => {
  const [bank, shop, commits] = [silence(), silence(), silence()];
  const left = await instanceOn(databaseUrl, ({ call }) =>
    call.branch === 'bank' ? bank.answer : shop.answer,
  );
  const { gtid } = await left.engine.begin(request());
  const right = await instanceOn(databaseUrl, (question) =>
    question.call.operation === 'commit' ? commits.answer : willing(question),
  );
  right.engine.start();
  await expect.poll(() => phaseAt(right, gtid)).toBe('committing');
  expect(await phaseAt(left, gtid)).toBe('preparing'); // it has heard of nothing yet

  bank.speak({ type: 'stale' });
  await expect.poll(() => phaseAt(left, gtid)).toBe('committing');

  // It still waits for the shop, and has no lease: whoever has one may be further than its memory.
  commits.speak({ type: 'reply', reply: { type: 'acknowledged' } });
  await expect.poll(() => right.engine.inFlight()).toBe(0);
  expect(left.engine.inFlight()).toBe(1);
  expect(await phaseAt(left, gtid)).toBe('ended');
  shop.speak({ type: 'stale' });
});

test('what it has heard and not written yet it adds to what another has written', async () => {
  const [never, first] = [silence(), silence()];
  const done: Answer = { type: 'reply', reply: { type: 'done' } };
  const second = branch('second', { dependsOn: ['first' as BranchId] });
  const steps = [branch('bank'), branch('first'), second];
  // Here the bank has answered, which opens no call, and need not be written for a minute.
  const left = await instanceOn(
    databaseUrl,
    ({ call }) => (call.branch === 'bank' ? done : first.answer),
    { lazyMs: 60_000 },
  );
  const { gtid } = await left.engine.begin(request({ protocol: 'saga', branches: steps }));
  // There it has not, and the first step has, which opens the second.
  const right = await instanceOn(databaseUrl, ({ call }) =>
    call.branch === 'first' ? done : never.answer,
  );
  right.engine.start();
  const stepsAt = async ({ engine }: Instance) => {
    const record = await engine.find(gtid);
    return record && summaryOf(record.transaction).branches.map(({ state }) => state);
  };
  await expect.poll(() => stepsAt(right)).toEqual(['executing', 'done', 'executing']);

  const reader = await instanceOn(databaseUrl, willing); // knows what is in the journal alone
  first.speak({ type: 'stale' });
  const written = async () => {
    await left.engine.written();
    return stepsAt(reader);
  };
  await expect.poll(written).toEqual(['done', 'done', 'executing']);
  never.speak({ type: 'stale' });
});

test('stopped while it writes a decision, it leaves the calls to whoever comes', async () => {
  const [writing, written] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const stopped = await instanceOn(databaseUrl, willing, {}, (ports) => ({
    ...ports,
    journal: {
      load: (gtid) => ports.journal.load(gtid),
      findByKey: (key) => ports.journal.findByKey(key),
      append: async (entry: Entry) => {
        const verdict = await ports.journal.append(entry);
        if (entry.transaction.version === 1) return verdict;
        writing.resolve();
        await written.promise;
        return verdict;
      },
    },
  }));
  const { gtid } = await stopped.engine.begin(request());
  await writing.promise;
  await stopped.engine.stop(0);
  written.resolve();

  const other = await instanceOn(databaseUrl, willing);
  other.engine.start();
  await expect.poll(() => phaseAt(other, gtid)).toBe('ended');
  const commitsOf = ({ asked }: Instance) =>
    asked.filter(({ call }) => call.operation === 'commit').length;
  expect([commitsOf(stopped), commitsOf(other)]).toEqual([0, 2]);
});

test('stopped while it takes what is due, it hands that over too', async () => {
  const lost = await instanceOn(databaseUrl, () => silence().answer);
  const { gtid } = await lost.engine.begin(request());
  await lost.engine.stop(0);
  const [taking, taken] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const stopped = await instanceOn(databaseUrl, willing, { leaseMs: 60_000 }, (ports) => ({
    ...ports,
    agenda: {
      postpone: (postponement) => ports.agenda.postpone(postponement),
      take: (...which) => ports.agenda.take(...which),
      handOver: () => ports.agenda.handOver(),
      takeDue: async (...how) => {
        const due = await ports.agenda.takeDue(...how);
        taking.resolve();
        await taken.promise;
        return due;
      },
    },
  }));
  stopped.engine.start();
  await taking.promise;
  const stop = stopped.engine.stop(0);
  taken.resolve();
  await stop;
  expect(stopped.asked).toEqual([]);

  const other = await instanceOn(databaseUrl, willing);
  other.engine.start();
  await expect.poll(() => phaseAt(other, gtid)).toBe('ended');
  expect(stopped.asked).toEqual([]);
});

test('an idempotency key stands for one body, at every instance', async () => {
  const [here, there] = [
    await instanceOn(databaseUrl, willing),
    await instanceOn(databaseUrl, willing),
  ];
  const first = request({ idempotency: { key: 'order-7', digest: 'one body' } });
  const other = request({ idempotency: { key: 'order-7', digest: 'another body' } });
  const { type, gtid } = await here.engine.begin(first);
  expect(type).toBe('begun');
  expect(await there.engine.begin(first)).toEqual({ type: 'attached', gtid });
  expect(await there.engine.begin(other)).toEqual({ type: 'key-reused', gtid });
});
