// Between what is judged and what is done something may happen: what is done is done to exactly
// what was judged, or it is judged again.
import type { InterventionRequest } from '@concordat/engine';
import { EntryRejected } from '@concordat/engine';
import type { BranchId, GlobalTransactionId, Instant, Transaction } from '@concordat/protocols';
import { advance, beginTransaction } from '@concordat/protocols';
import { expect, test } from 'vitest';
import type { TransactionRecord } from '../ports.js';
import type { ActsPorts } from './acts.js';
import { Acts } from './acts.js';

const gtid = '01939f6c-7e01-7c4a-9d0e-3f1b2a6c8d55' as GlobalTransactionId;
const ids = ['a', 'b'] as BranchId[];
const branches = ids.map((id) => ({ id, dependsOn: [], pivot: false, onePhase: false }));
const preparing = beginTransaction('2pc', { branches, deadline: 9 as Instant, driven: true });

function voted(before: Transaction, branch: BranchId): Transaction {
  const call = { branch, operation: 'prepare' as const };
  const event = { type: 'replied' as const, call, reply: { type: 'prepared' as const } };
  return advance(before, [event], before.version + 1).transaction;
}

const halfVoted = voted(preparing, ids[0] as BranchId);
const committing = voted(halfVoted, ids[1] as BranchId);

function record(transaction: Transaction): TransactionRecord {
  const definition = {
    protocol: '2pc',
    branches: [],
  } as unknown as TransactionRecord['definition'];
  return { gtid, transaction, definition, attempts: [], endedAt: null };
}

/**
 * @param found what is found, each time that it is looked for
 * @param now what it is by then
 * @param rejected what the journal says of whatever it is told
 * @param isAudited whether the audit has a line of this number
 */
function acting(
  found: readonly Transaction[],
  now: readonly Transaction[],
  rejected?: Error,
  isAudited = false,
) {
  const tried: InterventionRequest[] = [];
  const lines: object[] = [];
  let finds = 0;
  const ports = {
    engine: {
      find: () => Promise.resolve(record(found[Math.min(finds++, found.length - 1)] ?? preparing)),
      intervene: (_: unknown, request: InterventionRequest) => {
        if (rejected !== undefined) return Promise.reject(rejected);
        const { transaction, definition } = record(now[tried.length] ?? preparing);
        tried.push(request);
        const isDone = request.onlyIf(transaction, definition);
        return Promise.resolve({ type: isDone ? 'done' : 'refused', record: record(transaction) });
      },
    },
    store: {
      audited: (line: object) => Promise.resolve(lines.push(line)),
      run: () => Promise.resolve(isAudited ? [{}] : []),
    },
    observe: () => Promise.reject(new Error('nobody is asked')),
  } as unknown as ActsPorts;
  const asked = {
    id: '1',
    actor: { kind: 'key' as const, id: 'k', name: 'k' },
    reason: 'why',
    gtid,
    ask: { action: 'rollback' as const },
    dryRun: false,
    signal: new AbortController().signal,
  };
  return { acts: new Acts(ports), asked, tried, lines };
}

test('what is still as it was judged is done', async () => {
  const { acts, asked, tried } = acting([preparing], [preparing]);
  expect(await acts.perform(asked)).toMatchObject({ result: 'done', auditId: '1' });
  expect(tried[0]?.audit).toMatchObject({ before: { version: 1, phase: 'preparing' } });
});

test('what has gone on is judged again, and the line says what was so then', async () => {
  const { acts, asked, tried } = acting([preparing, halfVoted], [halfVoted, halfVoted]);
  expect(await acts.perform(asked)).toMatchObject({ result: 'done' });
  expect(tried.map(({ audit }) => audit.before)).toMatchObject([{ version: 1 }, { version: 2 }]);
});

test('what is of the same version, and not the same, has gone on', async () => {
  const elsewhere = voted(preparing, ids[1] as BranchId); // another instance's second version
  const { acts, asked, tried } = acting([halfVoted], [elsewhere, halfVoted]);
  expect(await acts.perform(asked)).toMatchObject({ result: 'done' });
  expect(tried).toHaveLength(2);
});

test('what is only tried out is not done, and its refusal is in no audit', async () => {
  const { acts, asked, tried, lines } = acting([preparing, committing], []);
  const tryOut = { ...asked, dryRun: true };
  expect(await acts.perform(tryOut)).toMatchObject({ result: 'would' });
  const refused = acts.orLogged(tryOut, () => acts.perform(tryOut));
  await expect(refused).rejects.toMatchObject({ kind: 'not-possible' });
  expect([tried, lines]).toEqual([[], []]);
});

test('what has been decided meanwhile is refused, and the refusal is logged', async () => {
  const { acts, asked, tried, lines } = acting([preparing, committing], [committing]);
  const performing = acts.orLogged(asked, () => acts.perform(asked));
  await expect(performing).rejects.toMatchObject({ kind: 'not-possible' });
  expect(tried).toHaveLength(1);
  expect(lines).toMatchObject([{ stage: 'refused', evidence: { why: expect.any(String) } }]);
});

test('what changes all the time is given up', async () => {
  const { acts, asked, tried } = acting(
    [preparing],
    Array.from({ length: 20 }, () => halfVoted),
  );
  await expect(acts.perform(asked)).rejects.toMatchObject({ kind: 'changed-meanwhile' });
  expect(tried).toHaveLength(10);
});

test('what another has done under the same number is not done again, and no error', async () => {
  const { acts, asked } = acting([preparing], [], new EntryRejected('there already'), true);
  expect(await acts.perform(asked)).toMatchObject({ result: 'unchanged' });
});

test('what the journal cannot hold is an error, if nobody has done it', async () => {
  const { acts, asked } = acting([preparing], [], new EntryRejected('no such day'), false);
  await expect(acts.perform(asked)).rejects.toThrow('no such day');
});
