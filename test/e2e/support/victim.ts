// A server of ours as a child process that is there to be killed, stopped and started again, always
// on the same port. Whatever it prints on standard error is kept.
import type { ChildProcess } from 'node:child_process';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { CrashPoint } from '@concordat/crash-points';
import { keep } from '../../../scripts/lib/keeper.mjs';
import { freePort } from '../../../scripts/lib/ports.mjs';
import { TEST_API_KEY } from '../../support/api-key.js';
import { COMPILED } from '../../support/compiled.js';
import { eventually } from '../../support/eventually.js';

const READY = /^ready (?<url>http:\/\/\S+)$/m;
const READY_TIMEOUT_MS = 60_000;

/** How a process has died at its point: by SIGKILL, and having said so. */
export interface Death {
  readonly signal: NodeJS.Signals | null;
  readonly said: string | undefined;
}

export class Victim {
  /** Where it serves requests, from its first start on. */
  url = '';
  private port: number | undefined;
  private child: ChildProcess | undefined;
  /** It has ended, and all that it has printed was read. */
  private gone: Promise<unknown> | undefined;
  private printed = '';

  constructor(
    readonly name: string,
    private readonly program: string,
    private readonly env: { readonly [variable: string]: string },
  ) {}

  /** Ends it first if it runs. @param crashAt for CONCORDAT_CRASH_AT */
  async start(crashAt = ''): Promise<void> {
    await this.kill();
    this.port ??= await freePort();
    const child = spawn(process.execPath, [this.program], {
      env: {
        ...COMPILED,
        PATH: process.env['PATH'],
        LOG_LEVEL: 'warn',
        CONCORDAT_API_KEY: TEST_API_KEY, // asked for by a coordinator, sent by others
        ...this.env,
        PORT: String(this.port),
        CONCORDAT_CRASH_AT: crashAt,
      },
      detached: true, // Ctrl-C in the terminal must not end it before its turn
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    keep(child);
    this.printed = '';
    this.child = child;
    this.gone = once(child, 'close');
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.printed += text));
    const isUp = () => this.isReady() || (this.hasEnded() && crashAt !== '');
    await eventually(`${this.name} is ready:\n${this.printed}`, isUp, READY_TIMEOUT_MS);
  }

  /** From now on the point that it was started for counts. */
  async arm(): Promise<void> {
    this.child?.kill('SIGUSR2');
    await eventually(`${this.name} is armed`, () => this.printed.includes('crash point armed: '));
  }

  /** Resolves when it is dead. */
  async death(timeoutMs?: number): Promise<Death> {
    const what = `${this.name} is dead:\n${this.printed}`;
    await eventually(what, () => this.hasEnded(), timeoutMs);
    await this.gone;
    const said = /^crash point reached: (?<point>\S+)$/m.exec(this.printed)?.groups?.['point'];
    return { signal: this.child?.signalCode ?? null, said };
  }

  hasEnded(): boolean {
    return (
      this.child === undefined || this.child.exitCode !== null || this.child.signalCode !== null
    );
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  /** Stops it in the middle of whatever it does. Resolves when it stands still. */
  async pause(): Promise<void> {
    this.child?.kill('SIGSTOP');
    await eventually(`${this.name} stands still`, () => stateOf(this.pid) === 'T');
  }

  resume(): void {
    this.child?.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    const { child } = this;
    if (child === undefined || this.hasEnded()) return;
    child.kill('SIGKILL'); // ends one that is stopped, too
    await this.gone;
  }

  private isReady(): boolean {
    this.url = READY.exec(this.printed)?.groups?.['url'] ?? this.url;
    return READY.test(this.printed);
  }
}

/** As the system has it: `T` is stopped. */
function stateOf(pid: number): string | undefined {
  const status = execFileSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' });
  return status.trim()[0];
}

/** @returns for CONCORDAT_CRASH_AT: armed only by `arm()` */
export function whenArmed(point: CrashPoint, nth: number): string {
  return `${point}:${nth} after SIGUSR2`;
}
