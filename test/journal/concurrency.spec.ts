import type { Entry } from '@concordat/engine';
import { openJournal } from '@concordat/journal';
import { afterAll, expect, test } from 'vitest';
import { databaseFromTemplate } from '../support/databases.js';
import { begun, committed, nextVersion } from './transactions.js';

const { databaseUrl } = await databaseFromTemplate();
const open = (owner: string) => openJournal({ databaseUrl, owner });
const [here, there] = await Promise.all([open('here'), open('there')]);
afterAll(() => Promise.all([here.close(), there.close()]));

const VERSIONS = 8;
const TRANSACTIONS = 40;

/** Both instances append the same entry at the same time. Returns what each was told. */
function race(entry: Entry): Promise<readonly string[]> {
  return Promise.all([here, there].map(({ journal }) => journal.append(entry)));
}

test('of two instances that append the same version, exactly one wins', async () => {
  let entries: readonly Entry[] = Array.from({ length: TRANSACTIONS }, () => begun());
  await Promise.all(entries.map((entry) => here.journal.append(entry)));
  for (let version = 2; version <= VERSIONS; version += 1) {
    entries = entries.map(nextVersion);
    const answers = await Promise.all(entries.map(race));
    for (const pair of answers) expect([...pair].sort()).toEqual(['appended', 'conflict']);
  }
  for (const { gtid } of entries) {
    const record = await there.journal.load(gtid);
    expect(record?.transaction.version).toBe(VERSIONS);
    const lines = await there.reader.journalOf(gtid);
    expect(lines.map(({ version }) => version)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  }
});

test('of two instances that begin the same transaction, exactly one does', async () => {
  const answers = await Promise.all(Array.from({ length: TRANSACTIONS }, () => race(begun())));
  for (const pair of answers) expect([...pair].sort()).toEqual(['appended', 'conflict']);
});

test('of two instances that end the same transaction, exactly one does', async () => {
  const chains = Array.from({ length: TRANSACTIONS }, () => committed());
  await Promise.all(chains.map(([first]) => here.journal.append(first)));
  await Promise.all(chains.map(([, second]) => here.journal.append(second)));
  const answers = await Promise.all(chains.map(([, , third]) => race(third)));
  for (const pair of answers) expect([...pair].sort()).toEqual(['appended', 'conflict']);
  for (const [, , { gtid, at }] of chains) {
    expect((await here.journal.load(gtid))?.endedAt).toBe(at);
  }
});
