// A disk that is full under load, with the journal and both banks on it (fault 49). Some commits
// fail with 53100, and when the WAL finds no room the server goes down. Then there is room again.
//
// The disk is a small one in memory, which only root may mount: elsewhere these tests are skipped.
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { poolOf } from '../barrier/databases.js';
import { eventually } from '../support/eventually.js';
import { ownServer } from '../support/own-server.js';
import { House } from './load.js';

const DISK = '160m';
const TIMEOUT_MS = 120_000;
const DISK_FULL = '53100';

const disk = smallDisk();

describe.skipIf(disk === undefined)('a disk that is full', () => {
  test(
    'is in doubt, not a no; and when there is room again everything ends as it was told',
    async () => {
      const server = await ownServer({ max_wal_size: '32MB', min_wal_size: '32MB' }, disk);
      await server.start();
      const house = await House.open(server.databaseUrl, server.databaseUrl);
      const operator = poolOf(server.databaseUrl);
      await operator.query('create table filler (text text)');
      let failure: unknown;
      await house.under(async () => {
        await house.isBusy();
        const ballast = path.join(disk ?? '', 'ballast');
        fill(ballast);
        failure = await eventually('a write fails', () => failedWrite(operator));
        rmSync(ballast);
        if (!(await answers(operator))) await server.start();
      });
      expect(failure).toBe(DISK_FULL);
      await operator.end();
    },
    TIMEOUT_MS,
  );
});

/** With zeros, until nobody can write any more. */
function fill(file: string): void {
  for (const chunk of [1_048_576, 4_096]) {
    for (let isRoom = true; isRoom;) {
      try {
        appendFileSync(file, Buffer.alloc(chunk));
      } catch {
        isRoom = false;
      }
    }
  }
}

/** @returns the SQLSTATE with which a write of some length has failed */
async function failedWrite(operator: ReturnType<typeof poolOf>): Promise<unknown> {
  try {
    await operator.query(`insert into filler select repeat('x', 8000) from generate_series(1, 20)`);
    return undefined;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return code === DISK_FULL && code;
  }
}

async function answers(operator: ReturnType<typeof poolOf>): Promise<boolean> {
  return operator.query('select 1').then(
    () => true,
    () => false,
  );
}

/** @returns undefined where it cannot be had */
function smallDisk(): string | undefined {
  const dir = mkdtempSync(path.join(tmpdir(), `concordat-test-${process.pid}-disk-`));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK},mode=755`, 'tmpfs', dir], {
      stdio: 'ignore',
    });
  } catch {
    rmdirSync(dir);
    return undefined;
  }
  afterAll(() => {
    execFileSync('umount', ['-l', dir]);
    rmdirSync(dir);
  });
  return dir;
}
