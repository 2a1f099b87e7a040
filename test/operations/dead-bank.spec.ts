// A bank is killed after it has prepared. Its branch holds the row of an account, and somebody
// waits for it. What may be done about that, and what not; at last two people end it at its
// database.
import path from 'node:path';
import { approvalViewSchema } from '@concordat/wire/operations';
import { afterAll, expect, test } from 'vitest';
import { preparedGids, serviceDatabase } from '../barrier/databases.js';
import { Victim } from '../e2e/support/victim.js';
import { eventually } from '../support/eventually.js';
import { act, at, auditOf, openWorld, refusalIn, resultIn } from './world.js';

const ledger = await serviceDatabase();
const bank = new Victim('bank', path.resolve('apps/bank/dist/main.js'), {
  BANK_NAME: 'bank',
  DATABASE_URL: ledger.databaseUrl,
  MEMORY_SLACK_MS: '0',
});
await bank.start();
afterAll(() => bank.kill());
await ledger.pool.query(`insert into account (id, balance) values ('1', 1000)`);
const { participants, people } = await openWorld({
  CONCORDAT_PARTICIPANT_BANK: `${bank.url}/transfer`,
  CONCORDAT_PARTICIPANT_LEDGER: ledger.databaseUrl,
});
const { root, operator, resolver, second, auditor } = people;
const evidence = 'the operator on call has seen it prepared';

async function balance(): Promise<number> {
  const { rows } = await ledger.pool.query<{ balance: string }>('select balance from account');
  return Number(rows[0]?.balance);
}

/** Decided to commit, and the bank is dead. */
async function stuck() {
  const slow = participants.add().answers('prepare', { status: 503 });
  const debit = {
    id: 'debit',
    participant: 'bank',
    payload: { account: '1', amount: -30 },
    retry: { firstDelayMs: 50, delayMaxMs: 100 },
  };
  const begin = { protocol: '2pc', deadlineMs: 600_000, branches: [debit, at('slow', slow)] };
  const { gtid } = await root.begin(begin, { prefer: 'respond-async' });
  await root.until(gtid, 'prepared', (now) => now.branches[0]?.state === 'prepared');
  await bank.kill();
  slow.answers('prepare', { status: 200 });
  await root.until(gtid, 'stuck', (now) => {
    return now.decision === 'commit' && (now.branches[0]?.attempts ?? 0) > 2;
  });
  return { gtid, gid: `concordat:${gtid}:debit` };
}

test('it is ended by two people at its database, and whoever waited for it goes on', async () => {
  const { gtid, gid } = await stuck();
  expect(await preparedGids(ledger.pool)).toEqual([gid]);
  let hasWaited = true;
  const waiting = ledger.pool
    .query(`update account set balance = balance + 1 where id = '1'`)
    .then(() => (hasWaited = false));
  await eventually('a session waits for it', async () => {
    const { rows } = await ledger.pool.query(
      `select from pg_locks where not granted and locktype = 'transactionid'`,
    );
    return rows.length === 1;
  });

  // What may not be done, and why: the database itself says that the branch is prepared still.
  const rollback = refusalIn(await act(operator, gtid, 'rollback'));
  expect(rollback.detail).toBe('The decision is COMMIT, and never changes.');
  const said = { as: 'done', evidence, unconfirmed: true };
  const resolved = refusalIn(await act(resolver, gtid, 'resolve', said, 'debit'));
  expect(resolved.detail).toMatch(/participant itself says otherwise/);
  expect(resultIn(await act(operator, gtid, 'retry')).result).toBe('done');

  const force = { outcome: 'commit', evidence };
  const tried = resultIn(await act(resolver, gtid, 'force', { ...force, dryRun: true }, 'debit'));
  expect(tried.said).toContain('It is ended in its database too.');
  const { approvalId } = resultIn(await act(resolver, gtid, 'force', force, 'debit'));
  expect(hasWaited).toBe(true);
  const where = `/v1/operations/approvals/${approvalId}/approve`;
  const approved = await second.post(where, { reason: 'seen it too' });
  expect(approvalViewSchema.parse(approved.body)).toMatchObject({ state: 'done' });
  await waiting;
  expect(await preparedGids(ledger.pool)).toEqual([]);
  expect(await balance()).toBe(1000 - 30 + 1);
  expect(await root.untilEnded(gtid)).toMatchObject({ outcome: 'committed' });
  const forced = (await auditOf(auditor, gtid)).filter(({ action }) => action === 'branch.force');
  expect(forced).toMatchObject([
    { stage: 'intended', target: { gid, resourceManager: 'ledger' } },
    { stage: 'done', evidence: { did: `commit of ${gid} at ledger was obeyed` } },
  ]);
  await bank.start();
});

test('it comes back by itself, and then there is nothing to force', async () => {
  const before = await balance();
  const { gtid } = await stuck();
  const force = { outcome: 'rollback', evidence };
  const { approvalId } = resultIn(await act(resolver, gtid, 'force', force, 'debit'));
  await bank.start();
  expect(await root.untilEnded(gtid)).toMatchObject({ outcome: 'committed' });
  const where = `/v1/operations/approvals/${approvalId}/approve`;
  const approved = await second.post(where, { reason: 'too late' });
  expect(approvalViewSchema.parse(approved.body)).toMatchObject({ state: 'failed' });
  expect(await balance()).toBe(before - 30);
});
