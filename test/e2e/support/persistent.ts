// An initiator that does not let go: whatever it was not answered it asks again, with the same key
// and the same ids, until it knows the end of its transaction.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProtocolName } from '@concordat/protocols';
import { request } from 'undici';
import { AUTHORIZED } from '../../support/api-key.js';
import type { BankName } from './books.js';

const ASK_AGAIN_MS = 25;
/** Only a machine that is very busy takes seconds. */
const GIVE_UP_MS = 150_000;
/** No deadline decides, however slow the machine is. */
const DEADLINE_MS = 600_000;
/** The banks are near, and tests are in a hurry. */
const RETRY = { firstDelayMs: 20, delayMaxMs: 100 };

/**
 * - `parallel`: all branches are known from the start, and none waits for another
 * - `sequential`: likewise, but each step of a saga waits for the one before
 * - `enlisting`: branches enlist one by one, then the initiator asks for the commit
 */
export type Shape = 'parallel' | 'sequential' | 'enlisting';

export interface Order {
  readonly protocol: ProtocolName;
  readonly shape: Shape;
  readonly from: BankName;
  readonly amount: number;
  /** The same at both banks; 1 if absent. */
  readonly account?: string;
  /** Of one call. */
  readonly timeoutMs?: number;
}

export interface Told {
  readonly gtid: string;
  readonly outcome: string;
}

interface View {
  readonly gtid: string;
  readonly phase: string;
  readonly outcome: string | null;
}

/** Everything that is wished for at once; heard of when it is awaited, and not before. */
export function insistOnAll(url: () => string, orders: readonly Order[]): Promise<readonly Told[]> {
  const telling = Promise.all(orders.map((order) => insist(url, order)));
  telling.catch(() => undefined);
  return telling;
}

/** Moves money from an account of one bank to the same account of the other. */
export async function insist(url: () => string, order: Order): Promise<Told> {
  const key = randomUUID();
  const branches = branchesOf(order);
  const { protocol } = order;
  const whole = { protocol, deadlineMs: DEADLINE_MS };
  const begin = order.shape === 'enlisting' ? whole : { ...whole, branches };
  const ask = asking(url);
  const asBegun = await until(
    () => ask('', begin, key),
    ({ phase }) => order.shape === 'enlisting' || phase === 'ended',
  );
  if (order.shape !== 'enlisting') return told(asBegun);
  const { gtid } = asBegun;
  for (const branch of branches) {
    await until(
      () => ask(`/${gtid}/branches`, branch),
      () => true,
    );
  }
  return told(
    await until(
      () => ask(`/${gtid}/commit`, undefined),
      ({ phase }) => phase === 'ended',
    ),
  );
}

function branchesOf({ protocol, shape, from, amount, account = '1', timeoutMs = 2_000 }: Order) {
  const to: BankName = from === 'alfa' ? 'beta' : 'alfa';
  const common = { timeoutMs, retry: RETRY };
  const deposit = { id: 'deposit', participant: to, payload: { account, amount } };
  const withdraw = {
    id: 'withdraw',
    participant: from,
    payload: { account, amount: -amount },
  };
  const isSaga = protocol === 'saga';
  return [deposit, withdraw].map((branch, index) => {
    const dependsOn = shape === 'sequential' && index > 0 ? ['deposit'] : [];
    return { ...branch, ...common, ...(isSaga ? { dependsOn } : {}) };
  });
}

type Ask = (path: string, body: object | undefined, key?: string) => Promise<View | undefined>;

function asking(url: () => string): Ask {
  return async (path, body, key) => {
    try {
      const answer = await request(`${url()}/v1/transactions${path}`, {
        method: 'POST',
        headers: {
          ...AUTHORIZED,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(key === undefined ? {} : { 'idempotency-key': key }),
        },
        body: body === undefined ? null : JSON.stringify(body),
      });
      const text = await answer.body.text();
      if (answer.statusCode === 503) return undefined;
      if (answer.statusCode === 409) return await look(url(), path);
      if (answer.statusCode > 201) throw new Unexpected(`${path}: ${answer.statusCode} ${text}`);
      return JSON.parse(text) as View;
    } catch (error) {
      if (error instanceof Unexpected) throw error;
      return undefined;
    }
  };
}

/** What was wished for can no longer be had: it has ended otherwise, or is going to. */
async function look(url: string, path: string): Promise<View> {
  const gtid = path.split('/')[1];
  const answer = await request(`${url}/v1/transactions/${gtid}`, { headers: AUTHORIZED });
  return (await answer.body.json()) as View;
}

/** The coordinator has answered, and should not have answered that. */
class Unexpected extends Error {}

async function until(
  ask: () => Promise<View | undefined>,
  isEnough: (view: View) => boolean,
): Promise<View> {
  const giveUpAt = performance.now() + GIVE_UP_MS;
  while (performance.now() < giveUpAt) {
    const view = await ask();
    if (view !== undefined && isEnough(view)) return view;
    await sleep(ASK_AGAIN_MS);
  }
  throw new Error('the initiator was not told in time');
}

function told({ gtid, outcome }: View): Told {
  return { gtid, outcome: outcome ?? 'none' };
}
