// Initiators that do not let go: whoever dies, they ask until they know the end.
//
//   sdk        begin, with a branch at each bank: the coordinator asks for everything
//   prepared   begin; each teller enlists, and prepares under the name that it is given; then the
//              initiator asks for the commit if both have, and for the rollback if not
//
// S1. An initiator who is impatient gives up a teller that does not answer, and rolls back. That
//     is not done while MariaDB is closing the sessions of a teller that has died: it would lose
//     what is prepared in one of them, until it is restarted (holds.ts of the SDK, F2).
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConcordatClient, Ended } from '@concordat/client';
import { concordatClient } from '@concordat/client';
import { TEST_API_KEY } from '../../../support/api-key.js';
import type { Side } from './house.js';
import { ACCOUNTS, sides } from './house.js';
import type { Random } from './random.js';
import type { Kind, Town } from './town.js';

export interface Order {
  readonly kind: Kind;
  readonly from: Side;
  /** At either side. */
  readonly accounts: { readonly [side in Side]: string };
  readonly amount: number;
  readonly deadlineMs: number;
  /** How often each teller is asked. */
  readonly attemptsMax: number;
}

export interface Told extends Order {
  readonly gtid: string;
  readonly outcome: string;
}

/** No deadline decides, however slow the machine is. */
const DEADLINE_MS = 600_000;
/** The fault lasts longer. */
const HURRIED_DEADLINE_MS = 250;
const UNAFFORDABLE = 1_000_000;
const CLIENT_RETRY = { attemptsMax: 3_000, firstDelayMs: 20, delayMaxMs: 50 };
const BRANCH_RETRY = { firstDelayMs: 20, delayMaxMs: 100 };
const BRANCH_TIMEOUT_MS = 2_000;
const ASK_AGAIN_MS = 40;
/** However patient: it is not coming back. */
const GIVE_UP_MS = 60_000;
const SESSIONS_GONE_MS = 250;

/** One in eight cannot be paid, one in eight has no time, one in four loses patience. */
export function orderOf(kind: Kind, random: Random): Order {
  const account = (): string => String(1 + random.below(ACCOUNTS));
  const fate = random.below(8);
  return {
    kind,
    from: random.below(2) === 0 ? 'alfa' : 'beta',
    accounts: { alfa: account(), beta: account() },
    amount: fate === 0 ? UNAFFORDABLE : 1 + random.below(10),
    deadlineMs: fate === 1 ? HURRIED_DEADLINE_MS : DEADLINE_MS,
    attemptsMax: random.below(4) === 0 ? 1 : Number.POSITIVE_INFINITY,
  };
}

/** What `order` moves into an account of `side`. */
export function amountAt({ from, amount }: Order, side: Side): number {
  return side === from ? -amount : amount;
}

export async function carryOut(town: Town, order: Order): Promise<Told> {
  const { url } = town.coordinator;
  const client = concordatClient({ url, apiKey: TEST_API_KEY, retry: CLIENT_RETRY });
  const { gtid, outcome } = await (order.kind === 'sdk'
    ? throughBanks(client, order)
    : throughTellers(client, town, order));
  return { ...order, gtid, outcome };
}

async function throughBanks(client: ConcordatClient, order: Order): Promise<Ended> {
  const branches = sides.map((side) => ({
    id: side,
    participant: side,
    payload: { account: order.accounts[side], amount: amountAt(order, side) },
    timeoutMs: BRANCH_TIMEOUT_MS,
    retry: BRANCH_RETRY,
  }));
  const { deadlineMs } = order;
  const begun = await client.begin({ protocol: '2pc', deadlineMs, branches });
  return begun.phase === 'ended' ? begun : endOf(client, begun.gtid);
}

async function throughTellers(client: ConcordatClient, town: Town, order: Order): Promise<Ended> {
  const { deadlineMs } = order;
  const { gtid } = await client.begin({ protocol: '2pc', deadlineMs });
  const said = await Promise.all(sides.map((side) => askTeller(town, order, gtid, side)));
  if (said.includes('unknown')) await sleep(SESSIONS_GONE_MS); // S1
  const wish = said.every((word) => word === 'prepared') ? 'commit' : 'rollback';
  const wished = await client[wish](gtid);
  if (wished.granted && wished.transaction.phase === 'ended') return wished.transaction;
  return endOf(client, gtid);
}

async function endOf(client: ConcordatClient, gtid: string): Promise<Ended> {
  try {
    return await client.waitUntilEnded(gtid, { signal: AbortSignal.timeout(GIVE_UP_MS) });
  } catch (error) {
    const seen = JSON.stringify(await client.get(gtid));
    throw new Error(`a transaction does not end: ${seen}`, { cause: error });
  }
}

type Said = 'prepared' | 'refused' | 'unknown';

async function askTeller(town: Town, order: Order, gtid: string, side: Side): Promise<Said> {
  const { url } = town.houses.prepared.services[side];
  const body = JSON.stringify({
    coordinator: town.coordinator.url,
    gtid,
    branch: side,
    account: order.accounts[side],
    amount: amountAt(order, side),
  });
  const giveUpAt = performance.now() + GIVE_UP_MS;
  for (let attempts = 0; attempts < order.attemptsMax; attempts++) {
    if (attempts > 0) await sleep(ASK_AGAIN_MS);
    if (performance.now() > giveUpAt) throw new Error(`the teller of ${side} does not answer`);
    const status = await fetch(`${url}/work`, { method: 'POST', body }).then(
      (response) => response.status,
      () => undefined, // dead, or dying
    );
    if (status === 200) return 'prepared';
    if (status === 409) return 'refused';
  }
  return 'unknown';
}
