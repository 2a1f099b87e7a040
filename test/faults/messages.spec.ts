// Every message of a transfer is lost once, and every request arrives twice: systematically, in
// each protocol, between a real initiator, coordinator and two banks (faults 33 and 34). And a bank
// that is cut off, one way only (fault 38).
//
//   1. a transfer goes undisturbed, and the network writes down the name of each message
//   2. for each name, another transfer, of which this message meets with the fault
//
// A request that is lost was never heard; a reply that is lost stands for work that was done.
// Nobody can tell these apart, so both are asked again, and the barrier makes that harmless.
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Api, transactionIn } from '../http/api.js';
import { databaseFromTemplate } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { FaultyNetwork } from '../support/faulty-network.js';
import { coordinatorOn } from './coordinating.js';
import type { Ending, TransferProtocol } from './transfers.js';
import {
  branchesOf,
  expectEffects,
  expectMoney,
  openBanks,
  transferProtocols,
} from './transfers.js';

const { databaseUrl } = await databaseFromTemplate();
const network = new FaultyNetwork();
const banks = await openBanks(network);
const coordinator = await coordinatorOn(databaseUrl, {
  CONCORDAT_PARTICIPANT_ALFA: banks.alfa.url,
  CONCORDAT_PARTICIPANT_BETA: banks.beta.url,
});
const api = new Api(await network.route(coordinator.url));

const cases = transferProtocols.flatMap((protocol) =>
  (['committed', 'rolled-back'] as const).map((ending) => ({ protocol, ending })),
);

interface Transferred {
  readonly gtid: string;
  readonly asked: number;
}

/** The initiator asks with one key until it knows the end. */
async function transfer(protocol: TransferProtocol, ending: Ending): Promise<Transferred> {
  const key = randomUUID();
  const retry = { firstDelayMs: 1, delayMaxMs: 20 };
  const branches = branchesOf(ending).map((branch) => ({ ...branch, retry }));
  let asked = 0;
  const answer = await eventually('the initiator is answered', () => {
    asked += 1;
    return api
      .post('/v1/transactions', { protocol, branches }, { 'Idempotency-Key': key })
      .catch(() => undefined); // the connection was reset
  });
  await network.quiet();
  const view = transactionIn(answer);
  expect(view).toMatchObject({ phase: 'ended', outcome: ending });
  return { gtid: view.gtid, asked };
}

/** The names of all messages of an undisturbed transfer; each is sent once. */
async function messagesOf(protocol: TransferProtocol, ending: Ending): Promise<readonly string[]> {
  await network.reset();
  const { gtid } = await transfer(protocol, ending);
  await expectEffects(banks, gtid, ending);
  const names = [...network.sent];
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => name.endsWith('request'))).toHaveLength(names.length / 2);
  return names;
}

/** A refusal elsewhere may end a transfer before what was lost is asked again. */
function timesAsked(message: string): number {
  const question = message.replace(/reply$/, 'request');
  return network.sent.filter((sent) => sent === question).length;
}

describe('every message, lost once', () => {
  test.each(cases)('of a $protocol that is $ending', async ({ protocol, ending }) => {
    const names = await messagesOf(protocol, ending);
    for (const name of names) {
      await network.reset();
      network.lose(name);
      const { gtid, asked } = await transfer(protocol, ending);
      expect({ name, happened: network.happened }).toEqual({ name, happened: 1 });
      if (ending === 'committed') expect(timesAsked(name)).toBe(2);
      expect(asked).toBe(name.startsWith('begin') ? 2 : 1);
      await expectEffects(banks, gtid, ending);
    }
    expect(names.length).toBeGreaterThanOrEqual(6);
    await expectMoney(banks);
  });
});

describe('every request, delivered twice', () => {
  test.each(cases)('at once, of a $protocol that is $ending', async ({ protocol, ending }) => {
    const names = await messagesOf(protocol, ending);
    for (const name of names.filter((message) => message.endsWith('request'))) {
      await network.reset();
      network.double(name);
      const { gtid } = await transfer(protocol, ending);
      expect({ name, copies: network.copies.length }).toEqual({ name, copies: 1 });
      await expectEffects(banks, gtid, ending);
    }
    await expectMoney(banks);
  });

  test.each(cases)('long after, of a $protocol that is $ending', async ({ protocol, ending }) => {
    await network.reset();
    const { gtid } = await transfer(protocol, ending);
    const copies = await network.repeatEverything();
    expect(copies.length).toBeGreaterThanOrEqual(3);
    expect(copies[0]).toMatchObject({ name: 'begin', status: 200 }); // attached to the same one
    expect(JSON.parse(copies[0]?.text ?? '')).toMatchObject({ gtid });
    // A participant repeats what it has answered (a refusal is 409), or has seen a higher token.
    for (const { status } of copies) expect([200, 204, 409, 410]).toContain(status);
    await expectEffects(banks, gtid, ending);
    await expectMoney(banks);
  });
});

describe('a bank that is cut off one way', () => {
  const walls = transferProtocols.flatMap((protocol) =>
    (['request', 'reply'] as const).map((direction) => ({ protocol, direction })),
  );

  test.each(walls)('$protocol, every $direction is lost for a while', async (wall) => {
    const { protocol, direction } = wall;
    await network.reset();
    network.wall(` withdraw ${direction}`);
    const retry = { firstDelayMs: 1, delayMaxMs: 20 };
    const branches = branchesOf('committed').map((branch) => ({ ...branch, retry }));
    const body = { protocol, deadlineMs: 60_000, branches };
    const { gtid } = await api.begin(body, { prefer: 'respond-async' });
    expect(await api.until(gtid, 'stuck', ({ stuck }) => stuck)).toMatchObject({
      decision: 'undecided',
    });
    expect(network.happened).toBeGreaterThanOrEqual(3);
    const hasArrived = network.heard.some(({ name }) => name.endsWith(' withdraw'));
    expect(hasArrived).toBe(direction === 'reply'); // it obeys, and nobody hears of it
    network.heal();
    expect(await api.untilEnded(gtid)).toMatchObject({ outcome: 'committed' });
    await network.quiet();
    await expectEffects(banks, gtid, 'committed');
    await expectMoney(banks);
  });
});
