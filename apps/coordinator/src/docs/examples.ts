// What to try in `/docs`: a begin for each protocol. Each is checked by the parser in a test.
import type { BeginRequest } from '@concordat/wire';

interface Example<T> {
  readonly summary: string;
  readonly value: T;
}

export const beginExamples: { readonly [name: string]: Example<BeginRequest> } = {
  '2pc': {
    summary: 'Two-phase commit: a transfer between two banks, all or nothing',
    value: {
      protocol: '2pc',
      name: 'transfer',
      branches: [
        { id: 'debit', participant: 'bank-a', payload: { account: 'alice', amount: -10 } },
        { id: 'credit', participant: 'bank-b', payload: { account: 'bob', amount: 10 } },
      ],
    },
  },
  '3pc': {
    summary: 'Three-phase commit: the same, and the participants can finish without a coordinator',
    value: {
      protocol: '3pc',
      name: 'transfer',
      deadlineMs: 10_000,
      branches: [
        { id: 'debit', participant: 'bank-a', payload: { account: 'alice', amount: -10 } },
        { id: 'credit', participant: 'bank-b', payload: { account: 'bob', amount: 10 } },
      ],
    },
  },
  tcc: {
    summary: 'Try, confirm, cancel: reservations that are confirmed together',
    value: {
      protocol: 'tcc',
      name: 'travel',
      metadata: { trip: 'T-17' },
      branches: [
        { id: 'flight', participant: 'airline', payload: { seat: '12A' } },
        { id: 'room', participant: 'hotel', payload: { nights: 2 }, timeoutMs: 5_000 },
      ],
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
        { id: 'order', participant: 'orders', payload: { item: 'chair' } },
        { id: 'stock', participant: 'stock', payload: { count: 1 }, dependsOn: ['order'] },
        { id: 'payment', participant: 'payments', payload: { amount: 10 }, pivot: true },
        { id: 'shipping', participant: 'shipping', payload: null, dependsOn: ['payment'] },
      ],
    },
  },
  active: {
    summary: 'Without branches: it stays active, and branches enlist until commit is asked for',
    value: { protocol: '2pc', name: 'batch', deadlineMs: 600_000 },
  },
};
