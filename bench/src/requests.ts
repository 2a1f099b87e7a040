// What is begun: the same request for the coordinator and for the loops by hand.

export type Shape = 'saga' | '2pc';

export interface BeginRequest {
  readonly protocol: Shape;
  readonly branches: readonly {
    readonly id: string;
    readonly participant: string;
    readonly payload: object;
  }[];
}

/** Transactions with numbers up to this apart never touch the same account. */
export const ACCOUNTS = 1_000;

export function requestOf(shape: Shape, count: number): BeginRequest {
  return shape === 'saga' ? saga(count) : transfer(count % ACCOUNTS);
}

/** Two steps, the second after the first, as is the default. */
function saga(order: number): BeginRequest {
  return {
    protocol: 'saga',
    branches: [
      { id: 'stock', participant: 'bench', payload: { order, sku: 'lamp', quantity: 1 } },
      { id: 'payment', participant: 'bench', payload: { order, amount: 10 } },
    ],
  };
}

function transfer(account: number): BeginRequest {
  return {
    protocol: '2pc',
    branches: [
      { id: 'from', participant: 'bank-a', payload: { account, amount: -10 } },
      { id: 'to', participant: 'bank-b', payload: { account, amount: 10 } },
    ],
  };
}
