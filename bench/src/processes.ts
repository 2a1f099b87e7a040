// The processes that a round consists of, and that none of them outlives the bench.
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const READY_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 6_000;
const POLL_MS = 25;
/** Characters of what a process that fails has said last. */
const COMPLAINT_MAX = 4_000;

/** Of this run alone: coordinators ask for it, and who asks them has it in its environment. */
const API_KEY = `ck_${randomBytes(32).toString('base64url')}`;

export interface RunningProcess {
  readonly pid: number;
  readonly url: string;
  /** Ends it in order, or by force if that takes too long. */
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.once('exit', killAll);

export function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** Runs a program of this repository, `entry` being relative to its root. */
export function run(
  entry: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): ChildProcess {
  const program = fileURLToPath(new URL(`../../${entry}`, import.meta.url));
  const child = fork(program, args, {
    env: { ...process.env, NODE_ENV: 'production', CONCORDAT_API_KEY: API_KEY, ...env },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  running.add(child);
  let complaint = '';
  child.stderr?.on('data', (text: Buffer) => {
    complaint = `${complaint}${String(text)}`.slice(-COMPLAINT_MAX);
  });
  child.once('close', (code) => {
    running.delete(child);
    if (code !== 0 && code !== null) console.error(`${entry} exited with ${code}\n${complaint}`);
  });
  return child;
}

/** Starts a server on a port of its own, and waits until `path` answers. */
export async function startServer(
  entry: string,
  env: Record<string, string>,
  path: string,
): Promise<RunningProcess> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = run(entry, [], { ...env, HOST: '127.0.0.1', PORT: String(port) });
  await untilItAnswers(entry, child, new URL(path, url));
  return { pid: child.pid ?? 0, url, stop: () => stop(child) };
}

async function untilItAnswers(entry: string, child: ChildProcess, url: URL): Promise<void> {
  const giveUpAt = performance.now() + READY_TIMEOUT_MS;
  const headers = { authorization: `Bearer ${API_KEY}` };
  for (;;) {
    if (hasEnded(child)) throw new Error(`${entry} ended before it was ready`);
    if (performance.now() > giveUpAt) throw new Error(`${entry} does not answer at ${url.href}`);
    const answer = await fetch(url, { headers }).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer?.ok === true) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  child.kill('SIGTERM');
  await ended;
  clearTimeout(timer);
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new Error('no port was given'));
      });
    });
  });
}
