// The truth by the API of a coordinator: its own transactions, whose participants are asked by it.
import { inDoubtListSchema, truthViewSchema } from '@concordat/wire/operations';
import { describe, expect, test } from 'vitest';
import { postgresStore } from '../barrier/stores.js';
import { serviceDatabase, preparedGids } from '../barrier/databases.js';
import { eventually } from '../support/eventually.js';
import { newGtid } from '../support/gtids.js';
import { openWorld } from './world.js';

const store = await postgresStore();
const orders = await serviceDatabase();
await orders.pool.query('create table work (gid text primary key)');
const world = await openWorld({ CONCORDAT_PARTICIPANT_ORDERS: orders.databaseUrl });
const { people } = world;

/** A transaction that waits for its initiator, with a branch prepared in a database. */
async function waiting(headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const asked = { protocol: '2pc', deadlineMs: 600_000 };
  const begun = await people.root.post('/v1/transactions', asked, headers);
  const { gtid } = begun.body as { gtid: string };
  await people.root.post(`/v1/transactions/${gtid}/branches`, {
    branches: [{ id: 'order', participant: 'orders' }],
  });
  const found = await people.root.get(`/v1/transactions/${gtid}`);
  const { branches } = found.body as { branches: { resource: { gid: string } }[] };
  const gid = branches[0]?.resource.gid ?? '';
  const client = await orders.pool.connect();
  await client.query('begin');
  await client.query('insert into work values ($1)', [gid]);
  await client.query(`prepare transaction '${gid}'`);
  client.release();
  return gtid;
}

const truthOf = async (gtid: string, as = people.reader) => {
  const { status, body } = await as.get(`/v1/operations/transactions/${gtid}/truth`);
  return { status, body };
};

describe('GET …/truth', () => {
  test('says what is so in the database that is the participant', async () => {
    const gtid = await waiting();
    const { status, body } = await truthOf(gtid);
    expect(status).toBe(200);
    const view = truthViewSchema.parse(body);
    expect(view).toMatchObject({ gtid, phase: 'active', decision: 'undecided', complete: true });
    expect(view.branches[0]).toMatchObject({
      branch: 'order',
      participant: 'orders',
      journalSays: 'enlisted',
      participantSays: { observed: 'prepared', source: 'resource-manager' },
      verdict: { code: 'waits-for-initiator' },
      blocks: { known: true },
    });
    await people.root.post(`/v1/transactions/${gtid}/rollback`);
    await eventually(
      'nothing is prepared',
      async () => (await preparedGids(orders.pool)).length === 0,
    );
    const after = truthViewSchema.parse((await truthOf(gtid)).body);
    expect(after).toMatchObject({ phase: 'ended', verdict: { severity: 'fine' } });
  });

  test('shows no query to who may read the payloads of one tenant only', async () => {
    const gtid = await waiting({ 'Concordat-Tenant': 'acme' });
    const insert = orders.pool.query(
      'insert into work select gid from pg_prepared_xacts where database = current_database()',
    );
    const queries = async (as = people.acme): Promise<readonly string[]> => {
      const view = truthViewSchema.parse((await truthOf(gtid, as)).body);
      return view.branches.flatMap(({ blocks }) => blocks.sessions.map(({ query }) => query));
    };
    await expect
      .poll(() => queries(people.resolver))
      .toEqual([expect.stringContaining('insert into work')]);
    expect(await queries()).toEqual(['(hidden: it takes the permission payloads.read)']);
    await people.root.post(`/v1/transactions/${gtid}/rollback`);
    await insert;
  });

  test('asks a service that speaks the SDK, and says what it has done', async () => {
    const begun = await people.root.post(
      '/v1/transactions',
      {
        protocol: 'tcc',
        branches: [{ id: 'hold', participant: { url: store.service.url }, payload: 'obey' }],
      },
      { Prefer: 'wait=10' },
    );
    const { gtid, outcome } = begun.body as { gtid: string; outcome?: string };
    expect(outcome).toBe('committed');
    const view = truthViewSchema.parse((await truthOf(gtid)).body);
    expect(view.branches[0]).toMatchObject({
      journalSays: 'acknowledged',
      participantSays: { observed: 'committed', source: 'participant', byHand: false },
      verdict: { code: 'as-decided', severity: 'fine' },
    });
  });

  test('names who cannot be asked, and is not complete', async () => {
    const begun = await people.root.post(
      '/v1/transactions',
      {
        protocol: '2pc',
        branches: [{ id: 'gone', participant: { url: 'http://127.0.0.1:9/' } }],
      },
      { Prefer: 'respond-async' },
    );
    const { gtid } = begun.body as { gtid: string };
    const view = truthViewSchema.parse((await truthOf(gtid)).body);
    expect(view).toMatchObject({ complete: false, decision: 'undecided' });
    expect(view.branches[0]).toMatchObject({
      participantSays: { observed: 'unreachable' },
      verdict: { code: 'cannot-be-asked' },
      blocks: { known: false },
    });
    await people.root.post(`/v1/transactions/${gtid}/rollback`);
  });

  test('of another tenant, or never heard of, is 404', async () => {
    const gtid = await waiting();
    expect((await truthOf(gtid, people.acme)).status).toBe(404);
    expect((await truthOf(newGtid())).status).toBe(404);
    await people.root.post(`/v1/transactions/${gtid}/rollback`);
  });
});

describe('GET …/in-doubt', () => {
  test('lists what is prepared, with its transaction', async () => {
    const gtid = await waiting();
    const { status, body } = await people.reader.get('/v1/operations/in-doubt');
    expect(status).toBe(200);
    const list = inDoubtListSchema.parse(body);
    expect(list.items).toContainEqual(
      expect.objectContaining({ resourceManager: 'orders', gtid, ours: true, phase: 'active' }),
    );
    await people.root.post(`/v1/transactions/${gtid}/rollback`);
  });

  test('belongs to no tenant, so that one tenant is not enough', async () => {
    expect((await people.acme.get('/v1/operations/in-doubt')).status).toBe(403);
  });
});
