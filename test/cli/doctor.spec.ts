// Whether all is well, as the command says it: the coordinator, the key, the clock, the databases,
// what is stuck, the audit.
import { newKeySchema } from '@concordat/wire/operations';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import pg from 'pg';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../scripts/lib/ports.mjs';
import { preparedGids, serviceDatabase } from '../barrier/databases.js';
import { Concordat } from './command.js';
import { Stuck } from './stuck.js';

const orders = await serviceDatabase();
const well = await Stuck.open({
  CONCORDAT_PARTICIPANT_ORDERS: orders.databaseUrl,
  CONCORDAT_WAKEUPS: 'none',
});

/** Of one database, and of nothing else. */
const lacking = await Stuck.open({
  CONCORDAT_PARTICIPANT_GONE: `postgres://app:hush@127.0.0.1:${await freePort()}/gone`,
  CONCORDAT_SCAN_PERIOD_MS: '100',
});

interface Examined {
  readonly checks: readonly { readonly name: string; readonly state: string }[];
}

const NAMES = ['coordinator', 'clock', 'ready', 'key', 'database orders', 'transactions', 'audit'];

describe('doctor', () => {
  test('looks at everything, having tried out the database', async () => {
    const text = await well.concordat.tells('doctor');
    // True of the server of these tests, and what the self-test says of it.
    expect(text).toMatch(/^warn +database orders +synchronous_replication: /m);
    expect(text.trimEnd()).toMatch(/\n1 to look at$/);
    const { checks } = (await well.concordat.json('doctor')) as Examined;
    expect(checks.map(({ name, state }) => `${name} ${state}`)).toEqual(
      NAMES.map((name) => `${name} ${name === 'database orders' ? 'warn' : 'ok'}`),
    );
    expect(await preparedGids(orders.pool)).toEqual([]);
  });

  test('does not try it out if it is told so', async () => {
    const text = await well.concordat.tells('doctor', '--no-self-test');
    expect(text).toMatch(/^ok +database orders +answers; not tried out$/m);
  });

  test('says what is stuck, which is no failure of its own', async () => {
    await well.failing('for the doctor');
    const { code, out } = await well.concordat.run('doctor');
    expect(code).toBe(0);
    expect(out).toMatch(/^warn +transactions .*1 stuck: concordat list --stuck/m);
  });

  test('says what a key lacks, and does not call well what it may not ask', async () => {
    const grants = [{ tenant: '*', roles: ['reader'] }];
    const asked = { name: 'reader', grants, reason: 'for a test' };
    const { body } = await well.api.post('/v1/access/keys', asked);
    const reader = well.concordat.as(newKeySchema.parse(body).key);
    const { out } = await reader.run('doctor');
    expect(out).toMatch(/^ok +key +"reader" permits read$/m);
    expect(out).toMatch(/^skip +database orders .*participants\.operate/m);
    expect(out).toMatch(/^skip +audit .*audit\.read/m);
  });

  test('says what is not of one’s own tenant, and calls it neither well nor ill', async () => {
    const grants = [{ tenant: 'shop', roles: ['reader'] }];
    const asked = { name: 'of the shop', grants, reason: 'for a test' };
    const { body } = await well.api.post('/v1/access/keys', asked);
    const { out } = await well.concordat.as(newKeySchema.parse(body).key).run('doctor');
    expect(out).toMatch(/^skip +overview +not shown to you: participants, /m);
    expect(out).not.toContain('incomplete');
  });

  test('fails with a wrong key, and without one, and repeats none', async () => {
    const wrong = await well.concordat.as('ck_nobody-has-made-this-one-0123456789').run('doctor');
    expect(wrong.code).toBe(1);
    expect(wrong.out).toMatch(/^fail +key +this key is not accepted/m);
    expect(wrong.out + wrong.err).not.toContain('ck_');
    const none = await new Concordat(well.coordinator.url, '').run('doctor');
    expect(none.code).toBe(1);
    expect(none.out).toMatch(/^fail +key +there is no key: /m);
  });

  test('finds a database that does not answer', async () => {
    const { code, out, err } = await lacking.concordat.run('doctor');
    expect(code).toBe(1);
    expect(out).toMatch(/^fail +database gone /m);
    expect(out + err).not.toContain('hush');
  });

  test('does not call well what nobody has heard of yet', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as AddressInfo;
    const young = await Stuck.open({
      CONCORDAT_PARTICIPANT_SILENT: `postgres://app@127.0.0.1:${port}/silent`,
    });
    const { out } = await young.concordat.run('doctor', '--no-self-test');
    expect(out).toMatch(/^(skip|fail) +database silent /m);
  });

  test('finds an audit that somebody has changed, and so does audit verify', async () => {
    const { api, concordat, databaseUrl } = lacking;
    await api.post('/v1/access/keys', {
      name: 'a',
      grants: [{ tenant: '*', roles: ['reader'] }],
      reason: 'to be forged',
    });
    expect(await concordat.run('audit', 'verify')).toMatchObject({ code: 0 });
    const superuser = new pg.Client({ connectionString: databaseUrl });
    await superuser.connect();
    await superuser.query("set session_replication_role = 'replica'"); // its triggers sleep
    const forged = await superuser.query(
      `update concordat.audit set line = replace(line::text, 'to be forged', 'well done')::json`,
    );
    await superuser.end();
    expect(forged.rowCount).toBeGreaterThan(0);
    expect(await concordat.run('audit', 'verify')).toMatchObject({ code: 1 });
    const { code, out } = await concordat.run('doctor');
    expect(code).toBe(1);
    expect(out).toMatch(/^fail +audit /m);
  });
});
