import { JournalUnavailable } from '@concordat/engine';
import { openJournal } from '@concordat/journal';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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

/** The backend of ours that waits as `condition` says. */
async function waitingBackend(condition: string): Promise<number> {
  const find = async (): Promise<number | undefined> => {
    const { rows } = await observer.query<{ pid: number }>(
      `select pid from pg_stat_activity where application_name = 'concordat here' and ${condition}`,
    );
    return rows[0]?.pid;
  };
  await expect.poll(find, { timeout: 10_000 }).toBeDefined();
  return (await find()) ?? expect.fail('it waits no longer');
}

describe('a connection that is lost in the middle of an append', () => {
  test('leaves its fate unknown, and the next append opens another', async () => {
    const [first, second] = committed();
    await opened.journal.append(first);
    await observer.query('begin');
    await observer.query('select from concordat.global_transaction where gtid = $1 for update', [
      first.gtid,
    ]);
    const appending = opened.journal.append(second);
    const outcome = expect(appending).rejects.toThrow(JournalUnavailable);
    const pid = await waitingBackend(`wait_event_type = 'Lock'`);
    await observer.query('select pg_terminate_backend($1)', [pid]);
    await outcome;
    await observer.query('rollback');
    expect((await opened.journal.load(first.gtid))?.transaction.version).toBe(1);
    expect(await opened.journal.append(second)).toBe('appended');
  });
});

describe('a commit that did not hear from its standby', () => {
  const standbys = async (names: string): Promise<void> => {
    await observer.query(`alter system set synchronous_standby_names = '${names}'`);
    await observer.query('select pg_reload_conf()');
    const current = async () =>
      (
        await observer.query<{ names: string }>(
          `select current_setting('synchronous_standby_names') as names`,
        )
      ).rows[0]?.names;
    await expect.poll(current).toBe(names);
  };

  test('is of unknown fate, though Postgres reports success with a warning', async () => {
    await standbys('nobody');
    const entry = begun();
    const outcome = expect(opened.journal.append(entry)).rejects.toThrow(JournalUnavailable);
    const pid = await waitingBackend(`wait_event = 'SyncRep'`);
    await observer.query('select pg_cancel_backend($1)', [pid]);
    await outcome;
    await standbys('');
    expect(await opened.journal.load(entry.gtid)).toBeDefined();
    expect(await opened.journal.append(entry)).toBe('conflict');
  });

  test('does not keep a journal from closing', async () => {
    const other = await openJournal({ databaseUrl, owner: 'other' });
    await standbys('nobody');
    const outcome = expect(other.journal.append(begun())).resolves.toBe('appended');
    await expect
      .poll(async () => {
        const waiting = `select from pg_stat_activity where wait_event = 'SyncRep'`;
        return (await observer.query(waiting)).rowCount;
      })
      .toBe(1);
    await other.close();
    await standbys('');
    await outcome;
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
