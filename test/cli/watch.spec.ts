// What `concordat watch` says as it happens. It looks by itself once an hour here, so that what it
// says in time it was told of; but where a test is about that.
import { newKeySchema, transactionDetailSchema } from '@concordat/wire/operations';
import { describe, expect, test } from 'vitest';
import { TEST_API_KEY } from '../support/api-key.js';
import { eventually } from '../support/eventually.js';
import { FaultyNetwork } from '../support/faulty-network.js';
import { FlakyProxy } from '../support/flaky-proxy.js';
import { Concordat } from './command.js';
import { Listener } from './listener.js';
import { ScriptedCoordinator } from './scripted-coordinator.js';
import { Stuck } from './stuck.js';

const HOURLY = ['--every', '3600'];
const EVENTS = '/v1/operations/events';
const LIST = '/v1/operations/transactions';
/** How many streams one key may have. */
const LISTENERS_MAX = 20;

const stuck = await Stuck.open();
const { api, concordat } = stuck;
await Listener.forAll(api);

describe('a transaction', () => {
  test('is told of line by line as it happens, until it has ended', async () => {
    const { gtid, bank } = await stuck.failing('watched');
    const watching = concordat.start('watch', gtid, ...HOURLY);
    await watching.says('committing, decision commit');
    bank.answers('commit', { status: 200 });
    const { code, out, err } = await watching.ended;
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/credit: acknowledged/);
    expect(out.trimEnd()).toMatch(/committed, decision commit$/);
  });

  test('is one document a line, as JSON', async () => {
    const { gtid, bank } = await stuck.failing('watched as JSON');
    const watching = concordat.start('watch', gtid, '--json', ...HOURLY);
    await watching.says('"committing"');
    bank.answers('commit', { status: 200 });
    const { out } = await watching.ended;
    const lines = out.trim().split('\n');
    const documents = lines.map((line) => JSON.parse(line) as { phase: string });
    expect(documents.at(0)).toMatchObject({ gtid, phase: 'committing' });
    expect(documents.at(-1)).toMatchObject({ gtid, phase: 'ended', outcome: 'committed' });
  });
});

describe('what matches', () => {
  test('is told of when it comes, and when it is gone', async () => {
    const watching = concordat.start('watch', '--name', 'coming', '--unfinished', ...HOURLY);
    const { gtid, bank } = await stuck.failing('coming');
    await watching.says(`+ ${gtid}`);
    bank.answers('commit', { status: 200 });
    await watching.says(`- ${gtid}`);
    expect(watching.err).toBe('');
  });

  test('and has left the first page is not said to be gone', async () => {
    const scripted = await ScriptedCoordinator.open();
    const { body } = await api.get(`${LIST}?limit=1`);
    const [item] = (body as { items: readonly object[] }).items;
    const ids = [1, 2, 3].map((count) => `01a1ff04-ba06-737a-850d-f36586c7640${count}`);
    const [oldest = '', older = '', newest = ''] = ids;
    const page = (cursor: string | null, ...shown: readonly string[]): void => {
      const items = shown.map((gtid) => ({ ...item, gtid }));
      scripted.answers.set(LIST, { items, cursor, missing: [] });
    };
    scripted.answers.set(EVENTS, {});
    page('more', older, oldest);
    const watching = new Concordat(scripted.url).start('watch', ...HOURLY);
    await watching.says(`+ ${oldest}`);
    page('more', newest, older); // and the oldest after it
    scripted.tell('changed');
    await watching.says(`+ ${newest}`);
    expect(watching.out).not.toContain(`- ${oldest}`);
    page(null, newest);
    scripted.tell('changed');
    await watching.says(`- ${older}`);
    expect(watching.out).not.toContain(`- ${oldest}`);
  });
});

describe('a coordinator that is away', () => {
  test('is said to be, waited for, and watched again where it was', async () => {
    const proxy = await FlakyProxy.before(concordat.url);
    const { gtid, bank } = await stuck.failing('waited for');
    const far = new Concordat(proxy.url);
    const watching = far.start('watch', gtid.slice(0, 23), ...HOURLY);
    await watching.says('committing');
    await proxy.cut();
    const isSaid = (): boolean => /cannot be reached: .*; waits for it/.test(watching.err);
    await eventually('it says so', isSaid);
    bank.answers('commit', { status: 200 });
    await api.untilEnded(gtid);
    await proxy.restore();
    const { code, out, err } = await watching.ended;
    expect(code).toBe(0);
    expect(out).toContain('committed, decision commit');
    expect(err).toContain('it answers again');
  });

  test('is waited for from the beginning', async () => {
    const proxy = await FlakyProxy.before(concordat.url);
    await proxy.cut();
    const { gtid, bank } = await stuck.failing('not yet there');
    const watching = new Concordat(proxy.url).start('watch', gtid.slice(0, 23), ...HOURLY);
    await eventually('it says so', () => watching.err.includes('waits for it'));
    bank.answers('commit', { status: 200 });
    await proxy.restore();
    expect(await watching.ended).toMatchObject({ code: 0 });
  });

  test('tells again once its stream has ended', async () => {
    const { gtid } = await stuck.failing('told again');
    const { scripted, path, detail } = await standInFor(gtid);
    const watching = new Concordat(scripted.url).start('watch', gtid, ...HOURLY);
    await eventually('it has heard hello', () => scripted.looks(path) >= 2);
    scripted.endStreams();
    await eventually('it listens again', () => scripted.listeners.length === 2);
    for (const why of ['it is changed', 'and once more']) {
      const transaction = { ...detail.transaction, version: 99, why };
      scripted.answers.set(path, { ...detail, transaction });
      scripted.tell('of what nobody knows');
      scripted.tell('changed');
      await watching.says(why);
    }
    expect(new Set(scripted.listeners)).toEqual(new Set([`Bearer ${TEST_API_KEY}`]));
    expect(watching.err).toBe('');
  });
});

/** A coordinator that tells of one transaction what the real one has told of it. */
async function standInFor(gtid: string) {
  const path = `${LIST}/${gtid}`;
  const detail = transactionDetailSchema.parse((await api.get(path)).body);
  const scripted = await ScriptedCoordinator.open();
  scripted.answers.set(EVENTS, {}).set(path, detail);
  return { scripted, path, detail };
}

describe('what no event tells', () => {
  test('is looked for now and then', async () => {
    const { gtid } = await stuck.failing('not told');
    const { scripted, path, detail } = await standInFor(gtid);
    const watching = new Concordat(scripted.url).start('watch', gtid, '--every', '1');
    await eventually('it has looked', () => scripted.looks(path) >= 2);
    const transaction = { ...detail.transaction, version: 99, why: 'nobody has told' };
    scripted.answers.set(path, { ...detail, transaction });
    await watching.says('nobody has told');
    expect(scripted.listeners).toHaveLength(1);
  });

  test('and what a proxy keeps back', async () => {
    const network = new FaultyNetwork(); // it hands on whole answers, and a stream has no end
    const far = new Concordat(await network.route(concordat.url));
    const { gtid, bank } = await stuck.failing('kept back');
    const watching = far.start('watch', gtid, ...HOURLY);
    await watching.says('committing');
    await eventually('it is to be told', () => network.sent.includes(`GET ${EVENTS} request`));
    bank.answers('commit', { status: 200 });
    expect(await watching.ended).toMatchObject({ code: 0, err: '' });
    expect(network.sent).not.toContain(`GET ${EVENTS} reply`);
  });

  test('to one who may not listen, for too many do', async () => {
    const { key } = await keyOf('listens often');
    const listeners = Array.from({ length: LISTENERS_MAX }, () => Listener.to(concordat.url, key));
    await Promise.all(listeners);
    const { gtid, bank } = await stuck.failing('too many');
    const watching = concordat.as(key).start('watch', gtid, ...HOURLY);
    await watching.says('committing');
    await eventually('it says so', () => watching.err.includes('no events (Too many'));
    bank.answers('commit', { status: 200 });
    expect(await watching.ended).toMatchObject({ code: 0 });
  });
});

describe('who is not let in', () => {
  test('is told so, and does not wait', async () => {
    const watching = concordat.as('ck_nobody-has-made-this-one-0123456789').run('watch', ...HOURLY);
    expect(await watching).toMatchObject({ code: 1, out: '' });
    expect((await watching).err).toContain('not accepted');
  });

  test('any more is told so, and that is the end', async () => {
    const { id, key } = await keyOf('to be revoked');
    const { gtid } = await stuck.decided('not for long');
    const watching = concordat.as(key).start('watch', gtid, ...HOURLY);
    await watching.says('committing');
    await api.request(`/v1/access/keys/${id}`, { method: 'DELETE' });
    const { code, err } = await watching.ended;
    expect(code).toBe(1);
    expect(err).toContain('not accepted');
  });
});

async function keyOf(name: string) {
  const grants = [{ tenant: '*', roles: ['reader'] }];
  const { body } = await api.post('/v1/access/keys', { name, grants, reason: 'for a test' });
  return newKeySchema.parse(body);
}
