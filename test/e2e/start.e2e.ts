// `npm start`, as somebody meets it who has just cloned the repository: it runs the main job, it
// serves, and it leaves nothing behind, however it ends.
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { constants, tmpdir } from 'node:os';
import path from 'node:path';
import { participantListSchema } from '@concordat/wire/operations';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isRunning } from '../../scripts/lib/processes.mjs';
import { Api } from '../http/api.js';
import { AUTHORIZED, TEST_API_KEY } from '../support/api-key.js';
import { eventually } from '../support/eventually.js';

/** It takes five seconds on two quiet cores; only a machine that is very busy takes longer. */
const START_TIMEOUT_MS = 150_000;
/** Of a test, which may start three times. */
const TIMEOUT_MS = 600_000;

let devDir: string;
let running: Start[];

beforeEach(() => {
  devDir = mkdtempSync(path.join(tmpdir(), 'concordat-start-'));
  chmodSync(devDir, 0o755); // Postgres may run as another account
  running = [];
});

afterEach(() => {
  for (const { child } of running) child.kill('SIGKILL');
  rmSync(devDir, { recursive: true, force: true });
});

describe('npm start', { timeout: TIMEOUT_MS }, () => {
  test('tells a story in each protocol, serves, and ends without a trace', async () => {
    const start = begin();
    await start.says('serving at http');
    expect(start.text).toContain('8 transactions: 6 committed, 2 rolled back');
    for (const title of ['2PC', '3PC', 'TCC', 'Saga', 'a graph', 'compensated', 'a crash']) {
      expect(start.text).toContain(title);
    }
    const url = /^ready (http:\S+)$/m.exec(start.text)?.[1];
    const headers = { authorization: `Bearer ${start.key}` };
    expect((await fetch(`${url}/health/ready`, { headers })).status).toBe(200);

    const processes = descendantsOf(start.child.pid ?? 0);
    expect(processes.length).toBeGreaterThanOrEqual(7);
    start.child.kill('SIGINT');
    expect(await start.ended).toBe(0);
    await untilGone(processes);
  });

  test('begins again on the data of the last time, with its key and its pauses', async () => {
    const keys = new Set<string | undefined>();
    for (const time of ['first', 'a person holds beta back', 'last']) {
      const start = begin();
      await start.says('serving at http');
      keys.add(start.key);
      const told = start.text.includes('8 transactions: 6 committed, 2 rolled back');
      if (time === 'first') await holdBetaBack(start);
      if (time === 'a person holds beta back') await resumeAsSaid(start);
      else expect(told).toBe(true);
      start.child.kill('SIGTERM');
      expect(await start.ended).toBe(0);
    }
    const file = path.join(devDir, 'api-key');
    expect(keys).toEqual(new Set([readFileSync(file, 'utf8').trim()]));
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('does not make a key where it is given one, nor repeat it', async () => {
    const start = begin('--no-demo', { CONCORDAT_API_KEY: TEST_API_KEY });
    await start.says('serving at http');
    const url = /^ready (http:\S+)$/m.exec(start.text)?.[1];
    expect((await fetch(`${url}/health/ready`, { headers: AUTHORIZED })).status).toBe(200);
    expect(start.text).not.toContain(TEST_API_KEY);
    expect(readdirSync(devDir)).not.toContain('api-key');
  });

  test('ends when npm alone is told to', async () => {
    const start = begin('--no-demo', {}, ['npm', 'start', '--']);
    await start.says('serving at http');
    const processes = descendantsOf(start.child.pid ?? 0);
    expect(processes.length).toBeGreaterThanOrEqual(7);
    start.child.kill('SIGINT');
    await start.ended;
    await untilGone(processes);
  });

  test('is outlived by nothing, even if it is killed', async () => {
    const start = begin('--no-demo');
    await start.says('serving at http');
    const [run = 0, ...others] = descendantsOf(start.child.pid ?? 0);
    process.kill(run, 'SIGKILL');
    expect(await start.ended).toBe(128 + constants.signals.SIGKILL);
    await untilGone(others);
  });

  test('says which port is taken, and by which variable to choose another', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const start = begin('--no-demo', { PORT: String(port) });
    expect(await start.ended).toBe(1);
    expect(start.text).toMatch(new RegExp(`port ${port} is taken.*PORT=`));
    other.close();
  });

  test('shows the end of the log of what has failed', async () => {
    const start = begin('--no-demo', { CONCORDAT_LEASE_MS: 'long' });
    expect(await start.ended).toBe(1);
    expect(start.text).toContain('coordinator has ended (exit code 1)');
    expect(start.text).toContain('CONCORDAT_LEASE_MS must be a whole number');
  });
});

const PAUSE = { by: 'CONCORDAT_API_KEY', reason: 'it is being moved' };

/** Pauses it, and begins what needs it: alfa prepares, and holds alice's account meanwhile. */
async function holdBetaBack({ api }: Start): Promise<void> {
  const { reason } = PAUSE;
  const paused = await api.post('/v1/operations/participants/beta/pause', { reason });
  expect(paused.status).toBe(200);
  const branches = [
    { id: 'debit', participant: 'beta', payload: { account: 'bob', amount: -100 } },
    { id: 'credit', participant: 'alfa', payload: { account: 'alice', amount: 100 } },
  ];
  const transfer = { protocol: '2pc', name: 'held back', deadlineMs: 600_000, branches };
  const { gtid } = await api.begin(transfer, { prefer: 'respond-async' });
  await api.until(gtid, 'alfa has prepared', (now) => now.branches[1]?.state === 'prepared');
}

/** The pause is there still, no story is told, and what is said instead is so. */
async function resumeAsSaid({ api, text }: Start): Promise<void> {
  const { body } = await api.get('/v1/operations/participants');
  const { items } = participantListSchema.parse(body);
  const paused = items.flatMap(({ name, paused: pause }) => (pause ? [{ name, ...pause }] : []));
  expect(paused).toMatchObject([{ name: 'beta', ...PAUSE }]);
  expect(text).toContain(`no stories: beta is paused by ${PAUSE.by} (${PAUSE.reason})`);
  expect(text).toContain('npx concordat participants resume beta --reason');
  expect(text).not.toContain('alice pays bob');
  const where = '/v1/operations/participants/beta/resume';
  expect((await api.post(where, { reason: 'as was said' })).status).toBe(200);
}

class Start {
  text = '';
  readonly ended: Promise<number | null>;

  constructor(readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => (this.text += String(chunk)));
    }
    this.ended = new Promise((resolve) => child.once('close', resolve));
  }

  /** As it is printed. */
  get key(): string | undefined {
    return /^ {2}(ck_\S+)$/m.exec(this.text)?.[1];
  }

  get api(): Api {
    return new Api(/^ready (http:\S+)$/m.exec(this.text)?.[1] ?? '', this.key);
  }

  async says(what: string): Promise<void> {
    await eventually(
      what,
      () => {
        if (this.child.exitCode !== null) throw new Error(`it has ended:\n${this.text}`);
        return this.text.includes(what);
      },
      START_TIMEOUT_MS,
    );
  }
}

const DIRECTLY: readonly string[] = [process.execPath, 'scripts/bootstrap.mjs', 'start'];

function begin(
  option = '',
  environment: Readonly<Record<string, string>> = {},
  [program = '', ...args] = DIRECTLY,
): Start {
  const inherited = { ...process.env };
  for (const name of ['DATABASE_URL', 'REDIS_URL', 'CONCORDAT_API_KEY']) delete inherited[name];
  const env = { ...inherited, PORT: '0', CONCORDAT_DEV_DIR: devDir, ...environment };
  const start = new Start(spawn(program, [...args, ...(option === '' ? [] : [option])], { env }));
  running.push(start);
  return start;
}

/** The last to go is the keeper, which looks after the others until their parent is gone. */
async function untilGone(processes: readonly number[]): Promise<void> {
  const areGone = () => !processes.some((pid) => isRunning(pid));
  await eventually('all have ended', areGone, START_TIMEOUT_MS);
}

/** The processes that `pid` has started, and those that they have started. */
function descendantsOf(pid: number): readonly number[] {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === pid)
    .map(Number);
  return [...children, ...children.flatMap(descendantsOf)];
}

function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined; // it has ended
  }
}
