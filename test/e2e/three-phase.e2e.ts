// 3PC without its coordinator, with real processes: the coordinator is killed between two messages,
// three banks end the transaction among themselves, and the coordinator reports what they did.
//
// Each fault proves that it has happened: the message that was to be lost has arrived in the
// network and at no bank, the journal says where the coordinator was, SIGKILL has ended it, and
// while the banks decide nobody answers at its address.
//
// The mark is that they end within 5 s. How long it took is printed, and not asserted: that
// they wait at all is a setting (SILENCE_MS, and the deadline that only `ready` banks wait for).
import { isDeepStrictEqual } from 'node:util';
import { concordatClient } from '@concordat/client';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { TEST_API_KEY } from '../support/api-key.js';
import { eventually } from '../support/eventually.js';
import type { Held } from '../support/faulty-network.js';
import type { Bank } from './support/three-banks.js';
import { bankNames, ThreeBanks } from './support/three-banks.js';

const SOON_MS = 1_500;
const NEVER_MS = 3_600_000;
const eager = { alfa: SOON_MS, beta: SOON_MS, gamma: SOON_MS };

let house: ThreeBanks;
let gains: readonly number[];

interface Killed {
  readonly gtid: string;
  /** What the dead coordinator had sent, and the network still has. */
  readonly lost: readonly Held[];
  /** By performance.now(). */
  readonly atMs: number;
}

/**
 * Begins a transfer, and kills the coordinator once `preCommitted` banks, and no more, are so.
 * It has heard of none of them: two would be a quorum, and the decision.
 */
async function killedMidway(running: ThreeBanks, preCommitted: number): Promise<Killed> {
  const { network } = running;
  const messages = bankNames.map((name, index) =>
    network.hold(`pre-commit ${name} ${index < preCommitted ? 'reply' : 'request'}`),
  );
  gains = await running.gains();
  const gtid = await running.begin();
  await Promise.all(messages.map((message) => message.arrived));
  const lost = messages.slice(preCommitted);
  return { gtid, lost, atMs: await killCoordinator(running, gtid, preCommitted, 'pre-committing') };
}

/** The same, once it has heard so of `preCommitted` banks: with two of them it has decided. */
async function killedAfterHearing(running: ThreeBanks, preCommitted: number): Promise<Killed> {
  const { coordinator, network } = running;
  const hasDecided = preCommitted >= 2;
  const lost = bankNames
    .slice(preCommitted)
    .map((name) => network.hold(`pre-commit ${name} request`));
  const decisions = hasDecided
    ? bankNames.map((name) => network.hold(`do-commit ${name} request`))
    : [];
  gains = await running.gains();
  const gtid = await running.begin();
  await Promise.all([...lost, ...decisions].map((message) => message.arrived));
  const concordat = concordatClient({ url: coordinator.url, apiKey: TEST_API_KEY });
  const phase = hasDecided ? 'committing' : 'pre-committing';
  await eventually('it has heard them', async () => {
    const view = await concordat.get(gtid);
    const heard = view?.branches.filter(({ state }) => state === 'pre-committed').length;
    return view?.phase === phase && (hasDecided || heard === preCommitted);
  });
  const atMs = await killCoordinator(running, gtid, preCommitted, phase);
  return { gtid, lost: [...lost, ...decisions], atMs };
}

/** @returns when it was dead, having proved that everything was as it should be */
async function killCoordinator(
  running: ThreeBanks,
  gtid: string,
  preCommitted: number,
  phase: string,
): Promise<number> {
  const { coordinator, banks } = running;
  await eventually(`${preCommitted} of 3 are pre-committed`, async () => {
    const standings = await Promise.all(banks.map((bank) => bank.standing(gtid)));
    const wanted = banks.map((_, index) => [
      index < preCommitted ? 'pre-committed' : 'ready',
      0,
      0,
    ]);
    return isDeepStrictEqual(standings, wanted);
  });
  expect(await running.phase(gtid)).toBe(phase);
  await coordinator.kill();
  const atMs = performance.now();
  expect((await coordinator.death()).signal).toBe('SIGKILL');
  expect(await running.view(gtid)).toBeUndefined();
  return atMs;
}

/** @returns how the banks have ended by themselves; prints how long that took */
async function endOf(running: ThreeBanks, { gtid, atMs }: Killed, what: string): Promise<string> {
  const end = await running.end(gtid);
  const seconds = ((performance.now() - atMs) / 1_000).toFixed(2);
  process.stdout.write(`3PC without its coordinator, ${what}: ${end} after ${seconds} s\n`);
  return end;
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
async function expectAdopted(
  running: ThreeBanks,
  gtid: string,
  end: string,
  phase = 'pre-committing',
): Promise<void> {
  expect(await running.phase(gtid)).toBe(phase); // the banks have done it without it
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

  const every: readonly (readonly [k: number, ends: RegExp])[] = [
    [0, /^aborted$/],
    [1, /^(aborted|committed)$/],
    [2, /^committed$/],
    [3, /^committed$/],
  ];

  test.each(every)(
    'after pre-commit to %i of 3 banks: they end alike, and it adopts that',
    async (k, ends) => {
      const killed = await killedMidway(house, k);
      const { gtid, lost } = killed;
      const end = await endOf(house, killed, `pre-commit to ${k} of 3`);
      expect(end).toMatch(ends);
      await expectLedgers(house, gtid, end);
      for (const message of lost) {
        const late = JSON.parse((await message.release()).text) as object;
        expect(late).toMatchObject({ standing: { state: end } });
      }
      await expectAdopted(house, gtid, end);
    },
  );

  test('after it has heard that 1 of 3 is pre-committed: likewise', async () => {
    const killed = await killedAfterHearing(house, 1);
    const end = await endOf(house, killed, '1 of 3 acknowledged');
    await expectLedgers(house, killed.gtid, end);
    for (const message of killed.lost) await message.release();
    await expectAdopted(house, killed.gtid, end);
  });

  test.each([2, 3])(
    'after it has heard that %i of 3 are, and has decided: they decide the same, unheard',
    async (k) => {
      const killed = await killedAfterHearing(house, k);
      const { gtid, lost } = killed;
      expect(await endOf(house, killed, `${k} of 3 acknowledged`)).toBe('committed');
      await expectLedgers(house, gtid, 'committed');
      for (const message of lost) expect((await message.release()).status).toBeLessThan(300);
      await expectAdopted(house, gtid, 'committed', 'committing');
    },
  );

  test.each(every)(
    'after pre-commit to %i of 3, and two banks are: the last one waits, says so, and ends it when one is back',
    async (k, ends) => {
      const [alfa, beta, gamma] = house.banks as [Bank, Bank, Bank];
      const { gtid } = await killedMidway(house, k);
      await Promise.all([alfa.process.kill(), beta.process.kill()]);
      const blocked = await eventually('gamma says that it is blocked', async () => {
        const [doubt] = (await gamma.inDoubt()) as { gtid: string; lastError: string | null }[];
        return doubt?.lastError?.includes('1 of 3 branches in reach, 2 are needed') && doubt;
      });
      expect(blocked.gtid).toBe(gtid);
      expect(await gamma.ledger(gtid)).toEqual(['held']);
      const undecided = [k > 0, k > 1, k > 2].map((is) => (is ? 'pre-committed' : 'ready'));
      const standings = await Promise.all(house.banks.map((bank) => bank.standing(gtid)));
      expect(standings.map((standing) => standing?.[0])).toEqual(undecided);

      await alfa.process.start();
      await eventually('alfa and gamma end it', async () => {
        const both = await Promise.all([alfa, gamma].map((bank) => bank.standing(gtid)));
        return both.every((standing) => /^(committed|aborted)$/.test(standing?.[0] ?? ''));
      });
      await beta.process.start();
      const end = await house.end(gtid);
      expect(end).toMatch(ends);
      await expectAdopted(house, gtid, end);
    },
  );
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
