// Ten thousand transactions that cannot go on, and others that can (faults 77 and 78). The stuck
// ones are begun in the journal by its own statement, as a coordinator that died leaves them: due.
//
// No test here is one of speed. That nobody waits for the stuck is seen by the order of things: the
// others have ended while there are stuck ones that have not even had their turn.
import type { Answer, Definition, Entry, Question } from '@concordat/engine';
import { openJournal } from '@concordat/journal';
import { Directory, HttpParticipants, parseRegistry, UrlAllowList } from '@concordat/participants';
import type { GlobalTransactionId } from '@concordat/protocols';
import { summaryOf } from '@concordat/protocols';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { branch, instanceOn, request, willing } from '../engine/engines.js';
import { begun } from '../journal/transactions.js';
import { databaseFromTemplate } from '../support/databases.js';
import { eventually } from '../support/eventually.js';

const STUCK = 10_000;
const IN_FLIGHT_MAX = 1_000;
const PATIENCE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** After one attempt in vain, not again before the test is over. */
const retry = { attemptsMax: null, firstDelayMs: HOUR_MS, delayMaxMs: HOUR_MS };

/** Transactions of one branch each, which whoever was at work has left. */
async function leaveBehind(
  databaseUrl: string,
  count: number,
  participantOf: (index: number) => string,
): Promise<readonly GlobalTransactionId[]> {
  const { journal, close } = await openJournal({ databaseUrl, owner: 'the dead one' });
  const entries = Array.from({ length: count }, (_, index): Entry => {
    const entry = begun({ branches: ['b'] });
    const branches = [branch('b', { participant: participantOf(index), retry, timeoutMs: 60_000 })];
    const definition: Definition = { ...entry.definition, branches };
    return { ...entry, definition, dueAt: entry.at };
  });
  await Promise.all(entries.map((entry) => journal.append(entry)));
  await close();
  return entries.map(({ gtid }) => gtid);
}

test('ten thousand stuck transactions all get their turn, and new ones do not wait for it', async () => {
  const { databaseUrl } = await databaseFromTemplate();
  const stuck = new Set(await leaveBehind(databaseUrl, STUCK, () => 'mute'));
  const timeout = Promise.withResolvers<void>();
  let [atOnce, atOnceMax] = [0, 0];
  const turns: GlobalTransactionId[] = [];
  const ask = async (question: Question): Promise<Answer> => {
    if (question.participant !== 'mute') return willing(question);
    turns.push(question.gtid);
    atOnceMax = Math.max(atOnceMax, (atOnce += 1));
    await timeout.promise;
    atOnce -= 1;
    return { type: 'in-doubt', reason: 'no answer' };
  };
  const limits = { inFlightMax: IN_FLIGHT_MAX, leaseMs: 30_000, sweepPeriodMs: 10 };
  const { engine, troubles } = await instanceOn(databaseUrl, ask, limits);
  engine.start();
  await eventually('as many are asked as may be', () => atOnce >= IN_FLIGHT_MAX / 2);
  await new Promise((resolve) => setTimeout(resolve, 200)); // and the sweep goes on

  for (let round = 0; round < 10; round++) {
    const begins = Array.from({ length: 10 }, () => engine.begin(request())); // none is refused
    for (const { gtid } of await Promise.all(begins)) {
      const record = await engine.untilEnded(gtid, PATIENCE_MS);
      expect(record && summaryOf(record.transaction).outcome).toBe('committed');
    }
  }
  expect(turns.length, 'turns of the stuck until the new ones had ended').toBeLessThan(STUCK);

  timeout.resolve();
  await eventually('every stuck one has had its turn', () => turns.length >= STUCK);
  expect(new Set(turns)).toEqual(stuck);
  expect(turns).toHaveLength(STUCK); // nobody twice
  expect(atOnceMax).toBeLessThanOrEqual(IN_FLIGHT_MAX / 2);
  await eventually('what waits is not in memory', () => engine.inFlight() === 0);
  expect(troubles).toEqual([]);
});

/** A server that hears everything and answers only if it is `well`. */
async function server(isWell: boolean): Promise<{ readonly url: string; heard: number }> {
  const self = { url: '', heard: 0 };
  const listener = createServer((call, response) => {
    self.heard += 1;
    call.resume();
    if (isWell) response.end();
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    listener.close();
    listener.closeAllConnections();
  });
  self.url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
  return self;
}

test('one mute participant does not keep the transactions of others from being recovered', async () => {
  const { databaseUrl } = await databaseFromTemplate();
  const [mute, well] = [await server(false), await server(true)];
  const registry = parseRegistry({ mute: { url: mute.url }, well: { url: well.url } }, {});
  const participants = new HttpParticipants(new Directory(registry, UrlAllowList.of([])));
  onTestFinished(() => participants.close());
  const isMute = (index: number): boolean => index % 2 === 0;
  const all = await leaveBehind(databaseUrl, 1_000, (index) => (isMute(index) ? 'mute' : 'well'));
  const { engine, troubles } = await instanceOn(
    databaseUrl,
    (question) => participants.ask(question),
    { leaseMs: 30_000 },
  );
  engine.start();
  for (const gtid of all.filter((_, index) => !isMute(index))) {
    const record = await engine.untilEnded(gtid, PATIENCE_MS);
    expect(record && summaryOf(record.transaction).outcome).toBe('committed');
  }
  expect(well.heard).toBe(1_000); // prepare and commit of each
  expect(mute.heard).toBeGreaterThan(0);
  expect(engine.inFlight()).toBe(500); // the others are being asked all the while
  expect(troubles).toEqual([]);
});
