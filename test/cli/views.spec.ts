// What has a name: filters that are kept, and the databases that take part.
import { savedViewListSchema, savedViewSchema } from '@concordat/wire/operations';
import { describe, expect, test } from 'vitest';
import { serviceDatabase } from '../barrier/databases.js';
import { makeWork, prepareIn } from '../http/resource-managers-work.js';
import { freePort } from '../../scripts/lib/ports.mjs';
import { Stuck } from './stuck.js';

const orders = await serviceDatabase();
await makeWork(orders.pool);
const stuck = await Stuck.open({
  CONCORDAT_PARTICIPANT_ORDERS: orders.databaseUrl,
  CONCORDAT_PARTICIPANT_GONE: `postgres://app:hush@127.0.0.1:${await freePort()}/gone`,
  CONCORDAT_SCAN_PERIOD_MS: '600000', // the tests scan
});
const { api, concordat } = stuck;

async function viewNamed(name: string) {
  const { body } = await api.get('/v1/operations/views');
  const { items } = savedViewListSchema.parse(body);
  return items.find((view) => view.name === name);
}

describe('a view', () => {
  test('of ours is listed with how many are in it, and lists them', async () => {
    const { gtid } = await stuck.failing('in a view');
    expect(await concordat.tells('views')).toMatch(/^Stuck +1 +stuck=true +stuck$/m);
    expect(await concordat.tells('list', '--view', 'stuck', '--ids')).toBe(`${gtid}\n`);
  });

  test('of one’s own is kept, used, narrowed, and removed', async () => {
    const sale = await api.begin({ protocol: '2pc', name: 'sale', metadata: { shop: 'a' } });
    const other = await api.begin({ protocol: '2pc', name: 'sale', metadata: { shop: 'b' } });
    await api.begin({ protocol: '2pc', name: 'no sale' });
    const save = ['views', 'save', 'sales of today', '--name', 'sale', '--begun-after', '1d'];
    expect(await concordat.tells(...save)).toMatch(/^done: .*"sales of today" has name=sale /);
    const view = await viewNamed('sales of today');
    expect(view).toMatchObject({ count: 2, builtIn: false, query: { name: 'sale' } });

    const list = ['list', '--view', 'sales of today', '--ids'];
    expect(await concordat.tells(...list)).toBe(`${other.gtid}\n${sale.gtid}\n`);
    expect(await concordat.tells(...list, '--metadata', 'shop=a')).toBe(`${sale.gtid}\n`);
    const watching = concordat.start('watch', '--view', view?.id ?? '', '--every', '3600');
    await watching.says(`+ ${sale.gtid}`);

    const removed = await concordat.tells('views', 'remove', view?.id.slice(0, 23) ?? '');
    expect(removed).toBe(`done: it is removed (${view?.id})\n`);
    expect(await viewNamed('sales of today')).toBeUndefined();
    expect(await concordat.run(...list)).toMatchObject({ code: 1, out: '' });
  });

  test('of others is not seen', async () => {
    const why = ['--reason', 'for a test'];
    const create = ['keys', 'create', 'reads', '--grant', '*=reader', ...why];
    const reader = concordat.as((await concordat.tells(...create)).trim());
    const saved = await concordat.json('views', 'save', 'mine', '--paused');
    const { id } = savedViewSchema.parse(saved);
    expect(await reader.tells('views')).not.toContain('mine');
    expect(await reader.run('views', 'remove', id)).toMatchObject({ code: 1, out: '' });
    expect(await concordat.tells('views')).toMatch(/^mine +0 +paused=true /m);
  });

  test('of ours stays, and one that is not there is not listed as all that there is', async () => {
    const remove = await concordat.run('views', 'remove', 'stuck');
    expect(remove).toMatchObject({ code: 1, out: '' });
    expect(remove.err).toContain('everybody has');
    const list = await concordat.run('list', '--view', 'nobody’s');
    expect(list).toMatchObject({ code: 1, out: '' });
    expect(list.err).toContain('there is no view nobody’s');
    expect(await concordat.run('views', 'save', 'x', '--begun-after', 'then')).toMatchObject({
      code: 2,
    });
  });
});

describe('a database', () => {
  test('is scanned when somebody says so, and what is prepared there is shown', async () => {
    const gid = 'concordat:01a1ff04-ba06-737a-850d-f36586c76403:lost';
    await prepareIn(orders.pool, gid, 'lost');
    const scanned = await concordat.tells('databases', 'scan', 'orders');
    expect(scanned).toMatch(/^orders +postgres +yes /m);
    expect(scanned).toContain(gid);
    expect(await concordat.tells('databases')).toMatch(/^orders +postgres +yes .* ago /m);
    await orders.pool.query(`rollback prepared '${gid}'`);
    const again = await concordat.tells('databases', 'scan', 'orders');
    expect(again).toContain('nothing of ours is prepared');
    expect(again).not.toContain(gid);
  });

  test('that does not answer is said not to, and nothing secret with it', async () => {
    const out = await concordat.tells('databases', 'scan', 'gone');
    expect(out).toMatch(/^gone +postgres +no /m);
    expect(out).not.toContain('nothing of ours is prepared');
    expect(out).not.toContain('hush');
  });

  test('is tried out: exit code 1 if 2PC must not be used with it', async () => {
    const { out } = await concordat.run('databases', 'self-test', 'orders');
    expect(out).toMatch(/^synchronous_replication +risk /m); // so of the server of these tests
    expect(out.trimEnd()).toMatch(/\nrisk$/);
    const gone = await concordat.run('databases', 'self-test', 'gone');
    expect(gone.code).toBe(1);
    expect(gone.out.trimEnd()).toMatch(/\nfails$/);
    const unknown = await concordat.run('databases', 'self-test', 'nobody');
    expect(unknown).toMatchObject({ code: 1, out: '' });
    expect(unknown.err).toContain('No database is registered under this name');
  });
});
