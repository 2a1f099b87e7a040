// Initiators as they should be: they keep asking with the same key until they know the end.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProtocolName } from '@concordat/protocols';
import { request } from 'undici';
import { AUTHORIZED } from '../../support/api-key.js';
import { ACCOUNTS } from './books.js';
import type { System } from './system.js';

const GIVE_UP_MS = 90_000;
const ASK_AGAIN_MS = 100;
/** One in so many asks for more than any account has. */
const UNAFFORDABLE_EVERY = 5;

export const protocols: readonly ProtocolName[] = ['2pc', '3pc', 'tcc', 'saga'];

export interface Told {
  readonly protocol: ProtocolName;
  readonly gtid: string;
  readonly outcome: string;
  readonly amount: number;
}

/** @returns a stream of transfers from alfa to beta, in all protocols, some of them unaffordable */
export function transfers(random: () => number): () => Transfer {
  let count = 0;
  return () => {
    count += 1;
    const account = (): string => String(1 + Math.floor(random() * ACCOUNTS));
    const protocol = protocols[count % protocols.length] ?? 'saga';
    const isUnaffordable = Math.floor(count / protocols.length) % UNAFFORDABLE_EVERY === 0;
    const amount = isUnaffordable ? 1_000_000 : 1 + Math.floor(random() * 10);
    return { protocol, amount, from: account(), to: account() };
  };
}

export interface Transfer {
  readonly protocol: ProtocolName;
  readonly amount: number;
  readonly from: string;
  readonly to: string;
}

/** Resolves when the initiator has been told the outcome, however often it had to ask. */
export async function carryOut(system: System, transfer: Transfer): Promise<Told> {
  const { protocol, amount, from, to } = transfer;
  const key = randomUUID();
  const body = JSON.stringify({
    protocol,
    branches: [
      { id: 'withdraw', participant: 'alfa', payload: { account: from, amount: -amount } },
      { id: 'deposit', participant: 'beta', payload: { account: to, amount } },
    ],
  });
  const giveUpAt = Date.now() + GIVE_UP_MS;
  while (Date.now() < giveUpAt) {
    const view = await ask(system.coordinator.url, key, body);
    if (view?.phase === 'ended')
      return { protocol, amount, gtid: view.gtid, outcome: view.outcome };
    await sleep(ASK_AGAIN_MS);
  }
  throw new Error(`no outcome of a ${protocol} transfer with key ${key}`);
}

interface View {
  readonly gtid: string;
  readonly phase: string;
  readonly outcome: string;
}

/** @returns undefined if the coordinator could not be reached, or could not say */
async function ask(url: string, key: string, body: string): Promise<View | undefined> {
  try {
    const answer = await request(`${url}/v1/transactions`, {
      method: 'POST',
      headers: { ...AUTHORIZED, 'content-type': 'application/json', 'idempotency-key': key },
      body,
    });
    const text = await answer.body.text();
    if (answer.statusCode === 503) return undefined;
    if (answer.statusCode > 201) throw new Unexpected(`${answer.statusCode} ${text}`);
    return JSON.parse(text) as View;
  } catch (error) {
    if (error instanceof Unexpected) throw error;
    return undefined;
  }
}

/** The coordinator has answered, and should not have answered that. */
class Unexpected extends Error {}
