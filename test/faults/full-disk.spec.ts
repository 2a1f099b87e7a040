// A disk that is full under load, with the journal and both banks on it (fault 49). Some commits
// fail with 53100, and when the WAL finds no room the server goes down. Then there is room again.
//
// The disk is a small one in memory. Root mounts it; anybody else, as root of a namespace of a
// process that holds it, through whose /proc/{pid}/root it is reached.
import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { poolOf } from '../barrier/databases.js';
import { eventually } from '../support/eventually.js';
import { ownServer } from '../support/own-server.js';
import { House } from './load.js';

const DISK = '160m';
const TIMEOUT_MS = 120_000;
const DISK_FULL = '53100';

const disk = await smallDisk();

describe('a disk that is full', () => {
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
        const ballast = path.join(disk, 'ballast');
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

/** @returns where it is mounted */
async function smallDisk(): Promise<string> {
  const dir = mkdtempSync(path.join(tmpdir(), `concordat-test-${process.pid}-disk-`));
  afterAll(() => rmdirSync(dir));
  const mount = ['mount', '-t', 'tmpfs', '-o', `size=${DISK},mode=755`, 'tmpfs', dir];
  try {
    return userInfo().uid === 0 ? mounted(dir, mount) : await held(dir, mount);
  } catch (cause) {
    throw new Error(
      'these tests need a small disk: let root run them, who may mount one, or anybody where ' +
        'users may have namespaces (unshare --map-root-user --mount)',
      { cause },
    );
  }
}

function mounted(dir: string, [program = '', ...args]: readonly string[]): string {
  execFileSync(program, args);
  afterAll(() => {
    execFileSync('umount', ['-l', dir]);
  });
  return dir;
}

/** It is there for as long as its holder, which ends when this process closes its input. */
async function held(dir: string, mount: readonly string[]): Promise<string> {
  const hold = ['sh', '-c', '"$@" && echo held && exec cat', 'sh', ...mount];
  const holder = spawn('unshare', ['--map-root-user', '--mount', ...hold]);
  afterAll(() => holder.stdin.end());
  let [output, errors] = ['', ''];
  holder.stdout.on('data', (chunk) => (output += String(chunk)));
  holder.stderr.on('data', (chunk) => (errors += String(chunk)));
  holder.once('error', (error) => (errors += error.message));
  await eventually('the small disk is held, or refused', () => output !== '' || errors !== '');
  if (output === '') throw new Error(errors);
  return `/proc/${holder.pid}/root${dir}`;
}
