// What the types of the client let nobody write, and what they know. The compiler reads this file
// with all the others: below each `@ts-expect-error` it must find an error, or it finds one here.
import type { BeginRequest, Branch, Transaction } from '@concordat/client';
import { parseBegin } from '@concordat/wire';
import { expect, test } from 'vitest';

const limits = { branchesMax: 10, payloadBytesMax: 1_000 };
const bank: Branch = { id: 'a', participant: 'bank' };

function pointersIn(request: BeginRequest): readonly string[] {
  const parsed = parseBegin(request, limits);
  return parsed.ok ? [] : parsed.errors.map(({ pointer }) => pointer);
}

test('a saga has steps, in an order and with a pivot', () => {
  const steps = [
    { ...bank, id: 'a' },
    { ...bank, id: 'b', dependsOn: [], pivot: true },
  ];
  expect(pointersIn({ protocol: 'saga', branches: steps })).toEqual([]);
  // @ts-expect-error a saga has all of its branches at once
  const without: BeginRequest = { protocol: 'saga' };
  expect(pointersIn(without)).toEqual(['/branches']);
});

test('the branches of other protocols have neither, and the coordinator refuses them too', () => {
  for (const protocol of ['2pc', '3pc', 'tcc'] as const) {
    expect(pointersIn({ protocol })).toEqual([]);
    // @ts-expect-error a pivot is a saga's
    const withPivot: BeginRequest = { protocol, branches: [{ ...bank, pivot: true }] };
    // @ts-expect-error an order of steps is a saga's
    const inOrder: BeginRequest = { protocol, branches: [{ ...bank, dependsOn: [] }] };
    expect(pointersIn(withPivot)).toEqual(['/branches/0/pivot']);
    expect(pointersIn(inOrder)).toEqual(['/branches/0/dependsOn']);
  }
});

test('an outcome is there exactly if the transaction has ended', () => {
  const wordFor = (transaction: Transaction): string => {
    // @ts-expect-error it may still be running
    const word: string = transaction.outcome;
    return transaction.phase === 'ended' ? transaction.outcome : `${word}`;
  };
  expect(wordFor({ phase: 'ended', outcome: 'committed' } as Transaction)).toBe('committed');
});
