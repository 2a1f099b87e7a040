import { JournalUnavailable } from '@concordat/engine';
import { openJournal } from '@concordat/journal';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { FlakyProxy } from '../support/flaky-proxy.js';
import { newGtid } from '../support/gtids.js';
import { ownServer } from '../support/own-server.js';
import { begun, committed } from './transactions.js';

const server = await ownServer();
const { databaseUrl } = server;

const lost: Error[] = [];
let opened: Awaited<ReturnType<typeof openJournal>>;
let observer: pg.Client;

async function observe(): Promise<void> {
  observer = new pg.Client({ connectionString: databaseUrl });
  observer.on('error', () => undefined);
  await observer.connect();
}

beforeAll(async () => {
  await server.start();
  opened = await openJournal({
    databaseUrl,
    owner: 'here',
    onConnectionLost: (error) => lost.push(error),
  });
  await opened.migrate();
  await observe();
});
afterAll(async () => {
  await opened.close();
  await observer.end();
});

/** The backend of an application that waits as `condition` says, once there is one. */
function waitingBackend(name: string, condition: string, timeout = 60_000): Promise<number> {
  const find = async (): Promise<number> => {
    const { rows } = await observer.query<{ pid: number }>(
      `select pid from pg_stat_activity where application_name = $1 and ${condition}`,
      [name],
    );
    if (rows[0] === undefined) throw new Error(`nothing waits: ${condition}`);
    return rows[0].pid;
  };
  return vi.waitFor(find, { timeout });
}

/** What becomes of an append: its answer, or the error that it rejects with. */
function fateOf(appending: Promise<string>): Promise<unknown> {
  return appending.catch((error: unknown) => error);
}

/** Keeps others from advancing the transaction until the function that it returns is called. */
async function locked(gtid: string): Promise<() => Promise<unknown>> {
  await observer.query('begin');
  await observer.query('select from concordat.global_transaction where gtid = $1 for update', [
    gtid,
  ]);
  return () => observer.query('rollback');
}

describe('a connection that is lost in the middle of an append', () => {
  test('leaves its fate unknown, and the next append opens another', async () => {
    const [first, second] = committed();
    await opened.journal.append(first);
    const release = await locked(first.gtid);
    const fate = fateOf(opened.journal.append(second));
    const pid = await waitingBackend('concordat here', `wait_event_type = 'Lock'`);
    await observer.query('select pg_terminate_backend($1)', [pid]);
    expect(await fate).toBeInstanceOf(JournalUnavailable);
    await release();
    expect((await opened.journal.load(first.gtid))?.transaction.version).toBe(1);
    expect(await opened.journal.append(second)).toBe('appended');
  });

  test('leaves its fate unknown, and the process alive, if the network resets it', async () => {
    const proxy = await FlakyProxy.before(databaseUrl);
    const far = await openJournal({ databaseUrl: proxy.url, owner: 'far' });
    const [first, second] = committed();
    await far.journal.append(first);
    const release = await locked(first.gtid);
    const fate = fateOf(far.journal.append(second));
    await waitingBackend('concordat far', `wait_event_type = 'Lock'`);
    await proxy.cut();
    expect(await fate).toBeInstanceOf(JournalUnavailable);
    await release();
    await proxy.restore();
    const version = async () => (await far.journal.load(first.gtid))?.transaction.version;
    await expect.poll(version).toBe(2);
    expect(await far.journal.append(second)).toBe('conflict');
    await far.close();
  });
});

describe('a commit that did not hear from its standby', () => {
  const standbys = async (names: string): Promise<void> => {
    await observer.query(`alter system set synchronous_standby_names = '${names}'`);
    await observer.query('select pg_reload_conf()');
  };

  /** Servers take up new settings when they come to it: asks until a commit waits. */
  const waitForStandbys = async (): Promise<void> => {
    const probe = new pg.Client({ connectionString: databaseUrl, application_name: 'probe' });
    await probe.connect();
    await vi.waitFor(async () => {
      const commit = probe.query(`select pg_logical_emit_message(true, 'probe', '')`);
      const pid = await waitingBackend('probe', `wait_event = 'SyncRep'`, 200);
      await observer.query('select pg_cancel_backend($1)', [pid]);
      await commit;
    }, 60_000);
    await probe.end();
  };

  test('is of unknown fate, though Postgres reports success with a warning', async () => {
    await standbys('nobody');
    await waitForStandbys();
    const entry = begun();
    const fate = fateOf(opened.journal.append(entry));
    const pid = await waitingBackend('concordat here', `wait_event = 'SyncRep'`);
    await observer.query('select pg_cancel_backend($1)', [pid]);
    expect(await fate).toBeInstanceOf(JournalUnavailable);
    await standbys('');
    expect(await opened.journal.load(entry.gtid)).toBeDefined();
    expect(await opened.journal.append(entry)).toBe('conflict');
  });

  test('is told to nobody before the standby has it', async () => {
    const [first] = committed();
    await standbys('nobody');
    await waitForStandbys();
    const fate = fateOf(opened.journal.append(first));
    const appending = await waitingBackend('concordat here', `wait_event = 'SyncRep'`);
    await observer.query('select pg_cancel_backend($1)', [appending]);
    expect(await fate).toBeInstanceOf(JournalUnavailable);
    const isVisible = await observer.query(
      'select from concordat.global_transaction where gtid = $1',
      [first.gtid],
    );
    expect(isVisible.rowCount).toBe(1);

    for (const gtid of [first.gtid, newGtid()]) {
      const told = fateOf(opened.journal.load(gtid).then(String));
      const reading = await waitingBackend('concordat here', `wait_event = 'SyncRep'`);
      await observer.query('select pg_cancel_backend($1)', [reading]);
      expect(await told).toBeInstanceOf(JournalUnavailable);
    }
    await standbys('');
    const version = async () => (await opened.journal.load(first.gtid))?.transaction.version;
    await expect.poll(version).toBe(1);
  });

  test('is not waited for where nobody has to be sure of it', async () => {
    const [first, second, third] = committed();
    await opened.journal.append(first);
    await opened.journal.append(second);
    await standbys('nobody');
    await waitForStandbys();
    const forced = fateOf(opened.journal.append(begun()));
    const waiting = await waitingBackend('concordat here', `wait_event = 'SyncRep'`);
    await observer.query('select pg_cancel_backend($1)', [waiting]);
    expect(await forced).toBeInstanceOf(JournalUnavailable);
    expect(await opened.journal.append({ ...third, forced: false })).toBe('appended');
    await standbys('');
    const version = async () => (await opened.journal.load(first.gtid))?.transaction.version;
    await expect.poll(version).toBe(3);
  });

  test('does not keep a journal from closing', async () => {
    const other = await openJournal({ databaseUrl, owner: 'other' });
    await standbys('nobody');
    await waitForStandbys();
    const fate = fateOf(other.journal.append(begun()));
    await waitingBackend('concordat other', `wait_event = 'SyncRep'`);
    await other.close();
    await standbys('');
    expect(await fate).toBe('appended');
  });
});

describe('a server that stops', () => {
  test('is missed by every method, and found again when it is back', async () => {
    const [first, second, third] = committed();
    await opened.journal.append(first);
    await server.stop();
    await expect(opened.journal.append(second)).rejects.toThrow(JournalUnavailable);
    await expect(opened.journal.load(first.gtid)).rejects.toThrow(JournalUnavailable);
    await expect(opened.agenda.takeDue(1, 1_000)).rejects.toThrow(JournalUnavailable);
    await expect(opened.reader.list({}, 1)).rejects.toThrow(JournalUnavailable);
    await expect(opened.reader.journalOf(first.gtid)).rejects.toThrow(JournalUnavailable);
    await expect(opened.reader.ping()).rejects.toThrow(JournalUnavailable);
    await expect(opened.retention.ensurePartitions()).rejects.toThrow(JournalUnavailable);
    await expect(opened.retention.forget(1)).rejects.toThrow(JournalUnavailable);
    expect(lost).not.toEqual([]);

    await server.start();
    await observe();
    await opened.reader.ping();
    expect(await opened.journal.append(second)).toBe('appended');
    expect(await opened.journal.append(third)).toBe('appended');
    expect((await opened.reader.list({}, 1)).items[0]?.gtid).toBe(first.gtid);
  });

  test('is waited for by a journal that opens before it is there', async () => {
    await opened.close();
    await server.stop();
    const reasons: string[] = [];
    const opening = openJournal({
      databaseUrl,
      owner: 'early',
      onWaiting: (reason) => reasons.push(reason),
    });
    await expect.poll(() => reasons.length).toBeGreaterThan(0);
    await server.start();
    opened = await opening;
    expect(await opened.migrate()).toEqual([]);
    await observe();
  });
});
