// Coordinators as processes, given an environment.
// Whatever a test file has started and not ended is ended after its tests.
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, inject } from 'vitest';
import { TEST_API_KEY } from './api-key.js';
import { COMPILED } from './compiled.js';
import { eventually } from './eventually.js';

/** As strangers run it, with its pages. */
export const SHIPPED = path.resolve('apps/coordinator/dist/main.js');
const READY = /^ready (?<url>http:\S+)$/m;
/**
 * A guard against a hang, and no test of speed: who cannot start says why and ends, which is
 * noticed at once. As long as a coordinator itself waits for its database before it does so.
 */
const READY_TIMEOUT_MS = 60_000;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export type LogLine = { readonly [field: string]: unknown };

export class CoordinatorProcess {
  readonly exited: Promise<Exit>;
  private stdout = '';
  private stderr = '';
  private readyAt: string | undefined;

  constructor(private readonly child: ChildProcess) {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.exited = once(child, 'close').then(() => ({
      code: child.exitCode,
      signal: child.signalCode,
    }));
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Where it serves requests. It is ready. */
  get url(): string {
    if (this.readyAt === undefined) throw new Error('this coordinator is not ready');
    return this.readyAt;
  }

  get hasExited(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** What it has printed on standard error. */
  get errors(): string {
    return this.stderr;
  }

  get logText(): string {
    return this.stdout;
  }

  get log(): readonly LogLine[] {
    const lines = this.stdout.split('\n').filter((line) => line.endsWith('}'));
    return lines.map((line) => JSON.parse(line) as LogLine);
  }

  async untilReady(): Promise<this> {
    const isReady = (): string | undefined => {
      this.readyAt = READY.exec(this.stderr)?.groups?.['url'];
      if (this.hasExited) throw new Error(`it has ended:\n${this.stderr}${this.stdout}`);
      return this.readyAt;
    };
    await eventually('the coordinator is ready', isReady, READY_TIMEOUT_MS);
    return this;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Ends it as `kill -9` does. */
  async crash(): Promise<void> {
    this.kill('SIGKILL');
    await this.exited;
  }

  /** Asks it to end, as an orchestrator does. */
  stop(): Promise<Exit> {
    this.kill('SIGTERM');
    return this.exited;
  }
}

const processes = new Set<CoordinatorProcess>();

afterAll(async () => {
  await Promise.all([...processes].map((process) => process.crash()));
});

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Starts one, on any free port and with the key of the tests, unless `environment` says others;
 * nothing else is inherited.
 */
export function spawnCoordinator(
  environment: Environment,
  program = inject('coordinator'),
): CoordinatorProcess {
  const child = spawn(process.execPath, [program], {
    env: {
      ...(program === SHIPPED ? {} : COMPILED),
      PORT: '0',
      CONCORDAT_API_KEY: TEST_API_KEY,
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const spawned = new CoordinatorProcess(child);
  processes.add(spawned);
  child.once('close', () => processes.delete(spawned));
  return spawned;
}

/** Starts one and waits until it serves requests. */
export function startCoordinator(
  environment: Environment,
  program?: string,
): Promise<CoordinatorProcess> {
  return spawnCoordinator(environment, program).untilReady();
}
