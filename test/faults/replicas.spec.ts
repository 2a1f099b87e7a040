// A participant is not one process: a load balancer sends each call to another copy of it (fault
// 41), and it may move to another address between two calls (fault 42). What it has to remember is
// in its database, and nowhere else.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Api } from '../http/api.js';
import { databaseFromTemplate } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { FaultyNetwork } from '../support/faulty-network.js';
import { coordinatorOn } from './coordinating.js';
import type { Ending, TransferProtocol } from './transfers.js';
import {
  branchesOf,
  expectEffects,
  expectMoney,
  forwardOf,
  openBanks,
  orders,
  transferProtocols,
} from './transfers.js';

const BANK = path.resolve('apps/bank/dist/main.js');
const READY = /^ready (?<url>http:\S+)$/m;

const { databaseUrl } = await databaseFromTemplate();
const network = new FaultyNetwork();
const banks = await openBanks(network);
const copy = await secondProcess();

/** Another process of alfa, on alfa's database: they share nothing else. @returns where it is */
async function secondProcess(): Promise<string> {
  const { databaseUrl: DATABASE_URL } = banks.alfa;
  const child = spawn(process.execPath, [BANK], {
    env: { PORT: '0', DATABASE_URL },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const closed = once(child, 'close');
  afterAll(async () => {
    expect(child.exitCode).toBe(null); // it was there all the time
    child.kill();
    await closed;
  });
  let printed = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (printed += text));
  return eventually('the copy is ready', () => READY.exec(printed)?.groups?.['url']);
}

const balanced = `${await network.route(banks.alfa.origin, copy)}/transfer`;
const coordinator = await coordinatorOn(databaseUrl, {
  CONCORDAT_PARTICIPANT_ALFA: balanced,
  CONCORDAT_PARTICIPANT_BETA: banks.beta.url,
});
const api = new Api(coordinator.url);

const cases = transferProtocols.flatMap((protocol) =>
  (['committed', 'rolled-back'] as const).map((ending) => ({ protocol, ending })),
);

/** Where the branch at alfa was heard, call by call. */
async function transfer(protocol: TransferProtocol, ending: Ending): Promise<readonly string[]> {
  await network.reset();
  const { gtid, outcome } = await api.begin({ protocol, branches: branchesOf(ending) });
  expect(outcome).toBe(ending);
  await expectEffects(banks, gtid, ending);
  const calls = network.heard.filter(({ name }) => name.endsWith(' withdraw'));
  return calls.map(({ origin }) => origin);
}

describe('behind a load balancer, each call reaches another copy', () => {
  test.each(cases)('of a $protocol that is $ending', async ({ protocol, ending }) => {
    const heardAt = [await transfer(protocol, ending), await transfer(protocol, ending)].flat();
    expect(new Set(heardAt)).toEqual(new Set([banks.alfa.origin, copy]));
    for (const [index, origin] of heardAt.entries()) expect(origin).not.toBe(heardAt[index + 1]);
    await expectMoney(banks);
  });
});

describe('a participant that has moved', () => {
  test.each(orders)('%s: hears the %s at its new address', async (protocol, order) => {
    await network.reset();
    const own = await databaseFromTemplate();
    const before = await coordinatorOn(own.databaseUrl, {
      CONCORDAT_PARTICIPANT_ALFA: banks.alfa.url,
      CONCORDAT_PARTICIPANT_BETA: banks.beta.url,
    });
    const branches = branchesOf('committed').map((one) => ({ ...one, timeoutMs: 60_000 }));
    const question = network.hold(`${order} withdraw request`);
    const body = { protocol, branches };
    const { gtid } = await new Api(before.url).begin(body, { prefer: 'respond-async' });
    await question.arrived; // decided, and the old address does not answer any more
    await before.stop();

    const after = await coordinatorOn(own.databaseUrl, {
      CONCORDAT_PARTICIPANT_ALFA: `${copy}/transfer`,
      CONCORDAT_PARTICIPANT_BETA: banks.beta.url,
    });
    expect(await new Api(after.url).untilEnded(gtid)).toMatchObject({ outcome: 'committed' });
    expect(network.sent).toContain(`${forwardOf[protocol]} withdraw request`);
    expect(network.heard.map(({ name }) => name)).not.toContain(`${order} withdraw`);
    await expectEffects(banks, gtid, 'committed');
    await question.release(); // and then the old address hears it after all
    await expectEffects(banks, gtid, 'committed');
    await expectMoney(banks);
  });
});
