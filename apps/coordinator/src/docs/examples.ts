// What to try in `/docs`: a begin for each protocol, with the participants that `npm start` brings:
// the banks alfa and beta, and a shop. In tests they are parsed, and run against those.
import type { BeginRequest } from '@concordat/wire';

interface Example<T> {
  readonly summary: string;
  readonly value: T;
}

const transfer: NonNullable<BeginRequest['branches']> = [
  { id: 'debit', participant: 'alfa', payload: { account: 'alice', amount: -1_000 } },
  { id: 'credit', participant: 'beta', payload: { account: 'bob', amount: 1_000 } },
];

export const beginExamples: { readonly [name: string]: Example<BeginRequest> } = {
  '2pc': {
    summary: 'Two-phase commit: a transfer between two banks, all or nothing',
    value: { protocol: '2pc', name: 'transfer', branches: transfer },
  },
  '3pc': {
    summary: 'Three-phase commit: the same, with a pre-commit to a quorum before the commit',
    value: { protocol: '3pc', name: 'transfer', deadlineMs: 10_000, branches: transfer },
  },
  tcc: {
    summary: 'Try, confirm, cancel: the money is held, then both banks confirm',
    value: {
      protocol: 'tcc',
      name: 'transfer',
      metadata: { invoice: 'T-17' },
      branches: transfer.map((branch) => ({ ...branch, timeoutMs: 5_000 })),
    },
  },
  saga: {
    summary: 'Saga: a graph of steps, with a pivot after which nothing is compensated',
    value: {
      protocol: 'saga',
      name: 'checkout',
      deadlineMs: 30_000,
      metadata: { order: '42' },
      branches: [
        {
          id: 'order',
          participant: 'order',
          payload: { customer: 'bob', sku: 'teapot', quantity: 1 },
        },
        {
          id: 'stock',
          participant: 'stock',
          payload: { sku: 'teapot', quantity: 1 },
          dependsOn: ['order'],
        },
        {
          id: 'payment',
          participant: 'payment',
          payload: { card: "bob's card", amount: 2_500 },
          dependsOn: ['order', 'stock'],
          pivot: true,
        },
        {
          id: 'shipping',
          participant: 'shipping',
          payload: { address: '1 Harbour Street' },
          dependsOn: ['stock', 'payment'],
        },
      ],
    },
  },
  active: {
    summary: 'Without branches: it stays active, and branches enlist until commit is asked for',
    value: { protocol: '2pc', name: 'batch', deadlineMs: 600_000 },
  },
};
