// A branch that is prepared in MariaDB is ended there by two people, like one in Postgres.
import { approvalViewSchema } from '@concordat/wire/operations';
import { expect, test } from 'vitest';
import {
  makeMysqlWork,
  mysqlName,
  mysqlWorkIn,
  prepareAt,
} from '../http/resource-managers-work.js';
import { mariadbDatabase } from '../support/mariadb.js';
import { act, at, auditOf, openWorld, resultIn } from './world.js';

const stock = await mariadbDatabase();
await makeMysqlWork(stock.pool);
const { participants, people } = await openWorld({ CONCORDAT_PARTICIPANT_STOCK: stock.url });
const { root, operator, resolver, second, auditor } = people;
const evidence = 'seen by xa recover';

test.each([
  ['rollback', 0, 'heuristic-mixed'],
  ['commit', 1, 'committed'],
] as const)('by %s', async (outcome, rows, ends) => {
  const prepared = { status: 200, body: { state: 'prepared' } };
  const slow = participants.add().answers('prepare', { status: 202 });
  slow.answers('inspect', prepared);
  const { gtid } = await root.begin({ protocol: '2pc', deadlineMs: 600_000 });
  const branches = [{ id: 'stock', participant: 'stock' }, at('slow', slow)];
  await root.post(`/v1/transactions/${gtid}/branches`, { branches });
  const what = `forced by ${outcome}`;
  await prepareAt(stock, mysqlName((await root.find(gtid)).branches[0]?.resource), what);
  await root.post(`/v1/transactions/${gtid}/commit`, undefined, { prefer: 'respond-async' });
  await root.until(gtid, 'voted', (now) => now.branches[0]?.state === 'prepared');
  await act(operator, gtid, 'pause');
  const said = { as: 'done', evidence };
  resultIn(await act(resolver, gtid, 'resolve', said, 'slow'));

  const asked = resultIn(await act(resolver, gtid, 'force', { outcome, evidence }, 'stock'));
  const approve = `/v1/operations/approvals/${asked.approvalId}/approve`;
  const approved = await second.post(approve, { reason: 'seen it too' });
  expect(approvalViewSchema.parse(approved.body)).toMatchObject({ state: 'done' });
  expect(await mysqlWorkIn(stock.pool, what)).toBe(rows);
  resultIn(await act(operator, gtid, 'resume'));
  expect(await root.untilEnded(gtid)).toMatchObject({ outcome: ends });
  const lines = (await auditOf(auditor, gtid)).filter(({ action }) => action === 'branch.force');
  expect(lines).toMatchObject([
    { stage: 'intended', target: { resourceManager: 'stock' } },
    { stage: 'done', evidence: { did: expect.stringMatching(/ at stock was obeyed$/) } },
  ]);
});
