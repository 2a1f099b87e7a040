// What is begun: the same request for the coordinator and for the loops by hand.

/** `embedded`: in one process with the application; `last-resource`: with the journal in a bank. */
export type Shape = 'saga' | '2pc' | 'embedded' | 'last-resource';

export interface BeginRequest<Payload> {
  readonly protocol: 'saga' | '2pc';
  readonly branches: readonly {
    readonly id: string;
    readonly participant: string;
    readonly payload: Payload;
  }[];
}

export interface TransferPayload {
  readonly account: string;
  readonly amount: number;
}

/** At each bank. Two transfers that many apart use the same account, so none waits for another. */
export const accounts: readonly string[] = Array.from(
  { length: 1_000 },
  (_, number) => `account-${number}`,
);

/** Of each account: enough for any run. */
export const FIRST_BALANCE = 1_000_000_000;

export function requestOf(shape: Shape, count: number): BeginRequest<object> {
  return shape === 'saga' ? saga(count) : transfer(accounts[count % accounts.length] ?? '');
}

/** Two steps, the second after the first, as is the default. */
function saga(order: number): BeginRequest<object> {
  return {
    protocol: 'saga',
    branches: [
      { id: 'stock', participant: 'bench', payload: { order, sku: 'lamp', quantity: 1 } },
      { id: 'payment', participant: 'bench', payload: { order, amount: 10 } },
    ],
  };
}

function transfer(account: string): BeginRequest<TransferPayload> {
  return {
    protocol: '2pc',
    branches: [
      { id: 'from', participant: 'bank-a', payload: { account, amount: -10 } },
      { id: 'to', participant: 'bank-b', payload: { account, amount: 10 } },
    ],
  };
}
