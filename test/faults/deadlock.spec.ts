// A cycle that no database can see (fault 61): one transfer has prepared in alfa and waits in beta
// for the other one, which has prepared in beta and waits in alfa. Whoever waits too long refuses.
import { expect, test } from 'vitest';
import { preparedGids } from '../barrier/databases.js';
import { Api } from '../http/api.js';
import { databaseFromTemplate } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { FaultyNetwork } from '../support/faulty-network.js';
import { coordinatorOn } from './coordinating.js';
import { AMOUNT, expectEffects, expectMoney, openBanks } from './transfers.js';

const { databaseUrl } = await databaseFromTemplate();
const network = new FaultyNetwork();
const banks = await openBanks(network);
const { url } = await coordinatorOn(databaseUrl, {
  CONCORDAT_PARTICIPANT_ALFA: banks.alfa.url,
  CONCORDAT_PARTICIPANT_BETA: banks.beta.url,
});
const api = new Api(url);

/** Both transfers are between the same two accounts; only the names of their branches differ. */
function branchesOf(name: string): readonly object[] {
  const retry = { firstDelayMs: 5, delayMaxMs: 20 };
  const payload = (amount: number) => ({ account: '1', amount });
  return [
    {
      id: `${name}-alfa`,
      participant: 'alfa',
      payload: payload(-AMOUNT),
      timeoutMs: 20_000,
      retry,
    },
    { id: `${name}-beta`, participant: 'beta', payload: payload(AMOUNT), timeoutMs: 20_000, retry },
  ];
}

/** Sessions that wait for a lock, other than for one of our own rows of the barrier. */
async function waitingIn({ pool }: (typeof banks)['alfa']): Promise<number> {
  const { rows } = await pool.query<{ waiting: number }>(
    `select count(*)::integer as waiting from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rows[0]?.waiting ?? 0;
}

test('2pc, two transfers that wait for each other in two databases both end', async () => {
  const late = ['prepare east-beta request', 'prepare west-alfa request'].map((name) =>
    network.hold(name),
  );
  const begun = await Promise.all(
    ['east', 'west'].map((name) =>
      api.begin({ protocol: '2pc', branches: branchesOf(name) }, { prefer: 'respond-async' }),
    ),
  );
  const prepared = async () => [
    ...(await preparedGids(banks.alfa.pool)),
    ...(await preparedGids(banks.beta.pool)),
  ];
  await eventually('each has prepared in one', async () => (await prepared()).length === 2);
  const answered = late.map((held) => held.release());
  await eventually('and waits in the other', async () => {
    return (await waitingIn(banks.alfa)) === 1 && (await waitingIn(banks.beta)) === 1;
  });

  const outcomes = await Promise.all(begun.map(({ gtid }) => api.untilEnded(gtid)));
  expect((await Promise.all(answered)).map(({ status }) => status)).toContain(409);
  for (const { gtid, outcome } of outcomes) {
    await expectEffects(banks, gtid, outcome === 'committed' ? 'committed' : 'rolled-back');
  }
  expect(outcomes.map(({ outcome }) => outcome)).toContain('rolled-back');
  expect(await prepared()).toEqual([]);
  await expectMoney(banks);
});
