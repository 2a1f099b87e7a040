// What to try in `/docs`: a begin for each protocol, with the participants that `npm start` brings:
// the banks alfa and beta, and a shop. In tests they are parsed, and run against those.
import type { BeginRequest } from '@concordat/wire';
import { checkoutExample } from '@concordat/wire';

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
    value: checkoutExample,
  },
  active: {
    summary: 'Without branches: it stays active, and branches enlist until commit is asked for',
    value: { protocol: '2pc', name: 'batch', deadlineMs: 600_000 },
  },
};
