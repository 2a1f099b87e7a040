// What an operator is shown on the command line of transactions that are really stuck: what the
// journal says, what is true, what it blocks, what may be done.
import { transactionViewSchema } from '@concordat/wire';
import {
  inDoubtListSchema,
  transactionDetailSchema,
  triageListSchema,
  truthViewSchema,
} from '@concordat/wire/operations';
import { describe, expect, test } from 'vitest';
import { makeWork, postgresName, prepareIn } from '../http/resource-managers-work.js';
import { serviceDatabase } from '../barrier/databases.js';
import { untilTold } from './command.js';
import { Stuck } from './stuck.js';

const orders = await serviceDatabase();
await makeWork(orders.pool);
const stuck = await Stuck.open({
  CONCORDAT_PARTICIPANT_ORDERS: orders.databaseUrl,
  CONCORDAT_SCAN_PERIOD_MS: '200',
  CONCORDAT_ORPHAN_AGE_MS: '100',
});
const { api, concordat } = stuck;
/** And no more than that. */
const NOTHING_PREPARED =
  'nothing is prepared in the databases that are registered; what services have prepared in ' +
  'others cannot be seen here: concordat list --unfinished';

describe('list', () => {
  test('shows what is stuck, with its harm and the reason, and nothing else', async () => {
    const { gtid } = await stuck.failing('listed');
    const committed = await api.begin({ protocol: '2pc', name: 'listed' });
    const line = (await concordat.tells('list', '--stuck', '--name', 'listed')).split('\n')[1];
    expect(line).toMatch(new RegExp(`^${gtid} +2pc +committing +in-doubt-decided `));
    expect(line).toContain('503');
    const both = await concordat.tells('list', '--name', 'listed', '--ids');
    expect(both).toBe(`${committed.gtid}\n${gtid}\n`);
  });

  test('says that there is none', async () => {
    expect(await concordat.tells('list', '--name', 'never begun')).toBe('none\n');
  });

  test('fetches as many pages as it takes, and says where to go on', async () => {
    const begun: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      const { gtid } = await api.begin({ protocol: 'tcc', name: 'many' });
      begun.unshift(gtid);
    }
    const ids = async (...more: readonly string[]): Promise<string[]> =>
      (await concordat.tells('list', '--name', 'many', '--ids', ...more)).trim().split('\n');
    expect(await ids()).toEqual(begun);
    expect(await ids('--limit', '2')).toEqual(begun.slice(0, 2));
    const first = triageListSchema.parse(
      await concordat.json('list', '--name', 'many', '--limit', '2'),
    );
    expect(await ids('--cursor', first.cursor ?? '')).toEqual(begun.slice(2));
    expect(await concordat.tells('list', '--name', 'many', '--limit', '2')).toContain('--cursor');
  });

  test('takes every filter of the API, and refuses what none of them can be', async () => {
    const { gtid } = await stuck.failing('filtered');
    const asked = '--protocol 2pc --phase committing --unfinished --begun-after 1h'.split(' ');
    const more = ['--harm', 'in-doubt-decided', '--error', '503', '--gtid', gtid.slice(0, 20)];
    const ids = () => concordat.tells('list', ...asked, ...more, '--ids');
    expect(await untilTold('it is listed', ids, gtid)).toBe(`${gtid}\n`);
    expect(await concordat.tells('list', '--begun-before', '1h', '--ids')).toBe('');
    for (const wrong of ['--harm=bad', '--begun-after=soon', '--limit=0']) {
      expect(await concordat.run('list', wrong)).toMatchObject({ code: 2, out: '' });
    }
  });
});

describe('show', () => {
  test('says what is decided, what is true of each branch, and what may be done', async () => {
    const { gtid } = await stuck.failing('shown');
    const text = await concordat.tells('show', gtid, '--journal');
    expect(text).toContain(`${gtid}  2pc  committing, decision commit`);
    for (const title of ['What is true', 'Branches', 'What may be done', 'Journal']) {
      expect(text).toContain(`\n${title}\n`);
    }
    expect(text).toMatch(/^debit .* acknowledged/m);
    expect(text).toMatch(/^credit .* prepared/m);
    expect(text).toMatch(/^retry +yes /m);
    expect(text).toMatch(/^rollback +no +The decision is COMMIT, and never changes\.$/m);
    expect(text).toMatch(/^force +credit +with a second person /m);
    expect(text).toMatch(/^ +1 {2}\S+ \S+Z {2}begun.* ▶ prepare debit, prepare credit$/m);
  });

  test('asks nobody if it is told so', async () => {
    const { gtid } = await stuck.failing('not asked');
    const text = await concordat.tells('show', gtid, '--no-ask');
    expect(text).not.toContain('What is true');
    expect(text).toMatch(/^credit .* prepared .* HTTP 503/m);
  });

  test('is what the API answers, as JSON', async () => {
    const { gtid } = await stuck.failing('as JSON');
    const { detail, truth } = (await concordat.json('show', gtid)) as Record<string, unknown>;
    expect(transactionDetailSchema.parse(detail).transaction.gtid).toBe(gtid);
    expect(truthViewSchema.parse(truth)).toMatchObject({ gtid, decision: 'commit' });
    const alone = (await concordat.json('show', gtid, '--no-ask')) as Record<string, unknown>;
    expect(alone['truth']).toBeNull();
  });

  test('has a summary for a ticket', async () => {
    const { gtid } = await stuck.failing('summed up');
    expect(await concordat.tells('show', gtid, '--summary')).toContain(gtid);
  });

  test.each([
    ['01a1ff04-ba06-737a-850d-f36586c76403', 'known'],
    ['01a1ff04-ba06', 'begins with'],
  ])('of %s, which nobody has begun, is refused', async (gtid, said) => {
    const { code, out, err } = await concordat.run('show', gtid);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain(said);
  });

  test('of a beginning that several have shows them', async () => {
    const [one, other] = [await stuck.failing('twins'), await stuck.failing('twins')];
    const { code, err } = await concordat.run('show', one.gtid.slice(0, 6));
    expect(code).toBe(1);
    expect(err).toContain(other.gtid);
    expect(await concordat.run('show', one.gtid.slice(0, 5))).toMatchObject({ code: 2 });
  });
});

describe('a branch that is prepared in a database', () => {
  test('is shown with what it holds, and who waits for it with which query', async () => {
    await orders.pool.query("insert into work values ('the last teapot')");
    const bank = stuck.bank('prepare');
    const { gtid } = await api.begin({ protocol: '2pc', name: 'blocking', deadlineMs: 600_000 });
    const retry = { firstDelayMs: 300_000, delayMaxMs: 300_000 };
    const enlisted = await api.post(`/v1/transactions/${gtid}/branches`, {
      branches: [
        { id: 'order', participant: 'orders' },
        { id: 'pay', participant: { url: bank.url }, retry },
      ],
    });
    const { branches } = transactionViewSchema.parse(enlisted.body);
    const { gid } = postgresName(branches[0]?.resource);
    await prepareIn(orders.pool, gid, 'ordered');
    await api.post(`/v1/transactions/${gtid}/commit`, undefined, { prefer: 'respond-async' });
    await api.until(gtid, 'undecided', (it) => it.branches[0]?.state === 'prepared');

    const blocked = await orders.pool.connect();
    await blocked.query("set application_name = 'the shop'");
    const waiting = blocked.query('truncate work').catch(() => undefined);
    const asked = await untilTold('it is blocked', () => concordat.tells('in-doubt'), 'the shop');
    expect(asked).toContain(gid);
    expect(asked).toContain('1 session waiting');
    expect(asked).toContain('truncate work');
    const { items } = inDoubtListSchema.parse(await concordat.json('in-doubt'));
    expect(items).toEqual([expect.objectContaining({ gid, gtid, branch: 'order' })]);

    const shown = await concordat.tells('show', gtid);
    expect(shown).toMatch(/^order .* prepared .* prepared /m);
    expect(shown).toContain('What it blocks');
    expect(shown).toMatch(/order holds .*public\.work/);
    expect(shown).toContain('the shop');

    await concordat.tells('rollback', gtid, '--reason', 'the shop waits');
    expect(await api.untilEnded(gtid)).toMatchObject({ outcome: 'rolled-back' });
    await waiting;
    blocked.release(true);
    expect(await inDoubtInOneLine()).toBe(NOTHING_PREPARED);
  });

  test('and of which nobody knows is ended, and then is gone', async () => {
    const cluster = await clusterOf();
    const gid = `concordat:${cluster}:01a1ff04-ba06-737a-850d-f36586c76403:lost`;
    await prepareIn(orders.pool, gid, 'lost');
    await untilTold('it is orphaned', () => concordat.tells('in-doubt'), 'orphaned');
    const end = ['in-doubt', 'end', 'orders', gid, '--outcome', 'rollback', '--reason', 'lost'];
    expect(await concordat.run(...end)).toMatchObject({ code: 2 });
    expect(await concordat.tells(...end, '--evidence', 'nobody asks for it')).toMatch(/^done: /);
    expect(await inDoubtInOneLine()).toBe(NOTHING_PREPARED);
  });
});

/** However wide the terminal is. */
async function inDoubtInOneLine(): Promise<string> {
  return (await concordat.tells('in-doubt')).trim().replaceAll(/\s+/g, ' ');
}

/** As it stands in every name that the coordinator gives. */
async function clusterOf(): Promise<string> {
  const { gtid } = await api.begin({ protocol: '2pc' });
  const branch = { id: 'a', participant: 'orders' };
  const { body } = await api.post(`/v1/transactions/${gtid}/branches`, branch);
  await api.post(`/v1/transactions/${gtid}/rollback`);
  const { gid } = postgresName(transactionViewSchema.parse(body).branches[0]?.resource);
  return gid.split(':')[1] ?? '';
}

describe('overview', () => {
  test('groups what is stuck by its cause', async () => {
    await stuck.failing('grouped');
    const text = await concordat.tells('overview');
    expect(text).toMatch(/unfinished · \d+ stuck/);
    expect(text).toMatch(/in-doubt-decided .*503/);
  });
});
