// Each of many is judged by itself: with the rights of whoever has asked, and once.
import { systemTimers } from '@concordat/engine';
import { expect, test } from 'vitest';
import type { Acts, Asked } from '../actions/acts.js';
import { HeldBack, Refusal } from '../api.js';
import type { OperationsPorts, Statement } from '../ports.js';
import type { BulkRow } from '../statements/bulk-row.js';
import { BulkRunner } from './runner.js';

const ids = ['01939f6c-7e01-7c4a-9d0e-3f1b2a6c8d51', '01939f6c-7e01-7c4a-9d0e-3f1b2a6c8d52'];
const bulk = {
  id: 'bulk',
  action: 'pause',
  reason: 'r',
  asked_by: { kind: 'key', id: 'k', name: 'k' },
  grants: [{ tenant: 'acme', roles: ['operator'] }],
  per_second_max: 1_000,
  lease: 'the first',
} as unknown as BulkRow;

interface Given {
  /** Of each of the two. */
  readonly tenants?: readonly string[];
  /** Of the line that each has in the audit. */
  readonly stages?: readonly (string | null)[];
  /** Whether it still runs when it is asked for. */
  readonly runs?: boolean;
  /** Of each, with what it is refused. */
  readonly refusals?: readonly Refusal[];
}

async function workOn({ tenants = [], stages = [], runs = true, refusals = [] }: Given) {
  const acted: string[] = [];
  const recorded: (readonly unknown[])[] = [];
  const held: (readonly unknown[])[] = [];
  const released: (readonly unknown[])[] = [];
  const bulks = [bulk];
  const items = ids.map((gtid, n) => ({ n, gtid, act_id: `act ${n}`, stage: stages[n] ?? null }));
  const answers: {
    readonly [statement: string]: (values: readonly unknown[]) => readonly object[];
  } = {
    'take-bulk': () => bulks.splice(0),
    'lease-bulk': () => (runs ? [{ lease: 'the second' }] : []),
    'release-bulk': (values) => {
      released.push(values);
      return [];
    },
    'next-bulk-items': () => items,
    'record-bulk-items': ([, , states, , heldBack]) => {
      recorded.push(states as readonly unknown[]);
      held.push(heldBack as readonly unknown[]);
      return [{ state: 'finished' }];
    },
  };
  const ports = {
    engine: {
      find: (gtid: string) =>
        Promise.resolve({ definition: { tenant: tenants[ids.indexOf(gtid)] ?? 'acme' } }),
    },
    store: {
      run: ({ name }: Statement, values: readonly unknown[]) =>
        Promise.resolve(answers[name]?.(values) ?? []),
    },
    timers: systemTimers,
  } as unknown as OperationsPorts;
  const acts = {
    orLogged: (_: Asked, work: () => Promise<unknown>) => work(),
    perform: ({ gtid }: Asked) => {
      acted.push(gtid);
      const refusal = refusals[ids.indexOf(gtid)];
      if (refusal !== undefined) return Promise.reject(refusal);
      return Promise.resolve({ result: 'done' });
    },
  } as unknown as Acts;
  await new BulkRunner(ports, acts).work();
  return { acted, recorded, held, released };
}

test('what whoever asked may do is done', async () => {
  expect(await workOn({})).toMatchObject({ acted: ids, recorded: [['done', 'done']] });
});

test('another tenant’s is not touched, and the others are', async () => {
  const { acted, recorded } = await workOn({ tenants: ['other', 'acme'] });
  expect(acted).toEqual([ids[1]]);
  expect(recorded).toEqual([['failed', 'done']]);
});

test('what the audit says was done, or was refused, is not done again', async () => {
  const { acted, recorded } = await workOn({ stages: ['done', 'refused'] });
  expect(acted).toEqual([]);
  expect(recorded).toEqual([['done', 'failed']]);
});

test('what a person holds back is not done, and none of those that have failed', async () => {
  const refusals = [
    new HeldBack('not-possible', 'a is paused'),
    new Refusal('not-possible', 'It has ended.'),
  ];
  const { recorded, held } = await workOn({ refusals });
  expect(recorded).toEqual([['failed', 'failed']]);
  expect(held).toEqual([[true, false]]);
});

test('nothing more is done once it is held or taken back', async () => {
  expect(await workOn({ runs: false })).toMatchObject({ acted: [], recorded: [] });
});

test('whoever stops lets go of his own lease, and of no other', async () => {
  expect(await workOn({})).toMatchObject({ released: [['bulk', 'the second']] });
  expect(await workOn({ runs: false })).toMatchObject({ released: [['bulk', 'the first']] });
});
