// 3PC without its coordinator, with real processes: the coordinator is killed between two messages,
// three banks end the transaction among themselves, and the coordinator reports what they did.
//
// Each fault proves that it has happened: the message that was to be lost has arrived in the
// network and at no bank, the journal says where the coordinator was, SIGKILL has ended it, and
// while the banks decide nobody answers at its address.
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import type { Held } from '../support/faulty-network.js';
import type { Bank } from './support/three-banks.js';
import { bankNames, ThreeBanks } from './support/three-banks.js';

const SOON_MS = 1_500;
const NEVER_MS = 3_600_000;
const eager = { alfa: SOON_MS, beta: SOON_MS, gamma: SOON_MS };

let house: ThreeBanks;
let gains: readonly number[];

/** Begins a transfer, and kills the coordinator once `preCommitted` banks, and no more, are so. */
async function killedMidway(running: ThreeBanks, preCommitted: number): Promise<Killed> {
  const { coordinator, network, banks } = running;
  // Of those that hear it the answers wait: two of them would be a quorum, and the decision.
  const messages = bankNames.map((name, index) =>
    network.hold(`pre-commit ${name} ${index < preCommitted ? 'reply' : 'request'}`),
  );
  gains = await running.gains();
  const gtid = await running.begin();
  await Promise.all(messages.map((message) => message.arrived));
  expect(await Promise.all(banks.map((bank) => bank.standing(gtid)))).toEqual(
    banks.map((_, index) => [index < preCommitted ? 'pre-committed' : 'ready', 0, 0]),
  );
  expect(await running.phase(gtid)).toBe('pre-committing');
  await coordinator.kill();
  expect((await coordinator.death()).signal).toBe('SIGKILL');
  expect(await running.view(gtid)).toBeUndefined();
  return { gtid, lost: messages.slice(preCommitted) };
}

interface Killed {
  readonly gtid: string;
  /** What the dead coordinator had sent, and the network still has. */
  readonly lost: readonly Held[];
}

async function expectLedgers(running: ThreeBanks, gtid: string, end: string): Promise<void> {
  const isCommitted = end === 'committed';
  for (const bank of running.banks) {
    const kinds = ['held', isCommitted ? 'settled' : 'released'];
    expect(await bank.ledger(gtid), bank.name).toEqual(kinds);
    expect(await bank.inDoubt(), bank.name).toEqual([]);
  }
  const moved = (await running.gains()).map((gain, index) => gain - (gains[index] ?? 0));
  expect(moved).toEqual(isCommitted ? [-30, 10, 20] : [0, 0, 0]);
}

/** The coordinator is started again, and must find and report what the banks have done. */
async function expectAdopted(running: ThreeBanks, gtid: string, end: string): Promise<void> {
  expect(await running.phase(gtid)).toBe('pre-committing'); // the banks have done it without it
  await running.coordinator.start();
  const view = await eventually('the coordinator knows the outcome', async () => {
    const found = await running.view(gtid);
    return found?.phase === 'ended' && found;
  });
  expect(view.outcome).toBe(end === 'committed' ? 'committed' : 'rolled-back');
  await expectLedgers(running, gtid, end);
}

describe('the coordinator is killed', () => {
  beforeAll(async () => {
    house = await ThreeBanks.open(inject('databaseUrl'), eager);
  });
  afterAll(() => house.close());

  test.each([
    [0, /^aborted$/],
    [1, /^(aborted|committed)$/],
    [2, /^committed$/],
    [3, /^committed$/],
  ])('after pre-commit to %i of 3 banks: they end alike, and it adopts that', async (k, ends) => {
    const { gtid, lost } = await killedMidway(house, k);
    const end = await house.end(gtid);
    expect(end).toMatch(ends);
    await expectLedgers(house, gtid, end);
    for (const message of lost) {
      const late = JSON.parse((await message.release()).text) as object;
      expect(late).toMatchObject({ standing: { state: end } });
    }
    await expectAdopted(house, gtid, end);
  });

  test('and two banks are: the last one waits, says so, and ends it when one is back', async () => {
    const [alfa, beta, gamma] = house.banks as [Bank, Bank, Bank];
    const { gtid } = await killedMidway(house, 2);
    await Promise.all([alfa.process.kill(), beta.process.kill()]);
    const before = await Promise.all([alfa, beta].map((bank) => bank.standing(gtid)));
    const blocked = await eventually('gamma says that it is blocked', async () => {
      const [doubt] = (await gamma.inDoubt()) as { gtid: string; lastError: string | null }[];
      return doubt?.lastError?.includes('1 of 3 branches in reach, 2 are needed') && doubt;
    });
    expect(blocked.gtid).toBe(gtid);
    expect(await gamma.ledger(gtid)).toEqual(['held']);
    expect(before.map((standing) => standing?.[0])).toEqual(['pre-committed', 'pre-committed']);

    await alfa.process.start();
    await eventually('alfa and gamma end it', async () => {
      const ends = await Promise.all([alfa, gamma].map((bank) => bank.standing(gtid)));
      return ends.every((standing) => standing?.[0] === 'committed');
    });
    await beta.process.start();
    expect(await house.end(gtid)).toBe('committed');
    await expectAdopted(house, gtid, 'committed');
  });
});

describe('the coordinator is killed, and then a bank that stands in for it', () => {
  beforeAll(async () => {
    const onlyAlfa = { alfa: SOON_MS, beta: NEVER_MS, gamma: NEVER_MS };
    house = await ThreeBanks.open(inject('databaseUrl'), onlyAlfa);
  });
  afterAll(() => house.close());

  test('in the middle of its election: it goes on by itself, with another ballot', async () => {
    const [alfa, ...others] = house.banks as [Bank, ...Bank[]];
    const elections = others.map(({ name }) => house.network.hold(`elect ${name} request`));
    const { gtid, lost } = await killedMidway(house, 0);
    await Promise.all(elections.map((election) => election.arrived));
    expect(await alfa.standing(gtid)).toEqual(['ready', 1, 0]);
    await alfa.process.kill();
    expect((await alfa.process.death()).signal).toBe('SIGKILL');
    for (const bank of others) expect(await bank.standing(gtid)).toEqual(['ready', 0, 0]);
    expect(await alfa.ledger(gtid)).toEqual(['held']);

    await alfa.process.start();
    expect(await house.end(gtid)).toBe('aborted');
    const [, promise = 0] = (await alfa.standing(gtid)) ?? [];
    expect(promise).toBeGreaterThan(1);
    expect(promise % (bankNames.length + 1), "a ballot of alfa's own").toBe(1);
    for (const message of [...elections, ...lost]) {
      const late = JSON.parse((await message.release()).text) as object;
      expect(late).toMatchObject({ standing: { state: 'aborted' } });
    }
    await expectLedgers(house, gtid, 'aborted');
    await expectAdopted(house, gtid, 'aborted');
  });
});
