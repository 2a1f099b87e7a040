// The command as people run it: `concordat …`, a process of its own, given an environment.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { TEST_API_KEY } from '../support/api-key.js';
import { COMPILED } from '../support/compiled.js';
import { eventually } from '../support/eventually.js';

const PROGRAM = path.resolve('apps/cli/bin/concordat.mjs');

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** One that runs until it is ended, by the test or by itself. */
export class Running {
  out = '';
  err = '';
  readonly ended: Promise<Ran>;

  constructor(args: readonly string[], environment: Environment) {
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      env: { ...COMPILED, PATH: process.env['PATH'], ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => (this.out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.err += text));
    this.ended = once(child, 'close').then(() => {
      return { code: child.exitCode, out: this.out, err: this.err };
    });
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await this.ended;
    });
  }

  async says(what: string): Promise<void> {
    await eventually(`it says ${what}`, () => this.out.includes(what));
  }
}

/** The command, for one coordinator and one key. */
export class Concordat {
  constructor(
    readonly url: string,
    private readonly key: string | undefined = TEST_API_KEY,
  ) {}

  as(key: string): Concordat {
    return new Concordat(this.url, key);
  }

  start(...args: readonly string[]): Running {
    return new Running(args, { CONCORDAT_URL: this.url, CONCORDAT_API_KEY: this.key });
  }

  run(...args: readonly string[]): Promise<Ran> {
    return this.start(...args).ended;
  }

  /** What it prints; fails unless it is done. */
  async tells(...args: readonly string[]): Promise<string> {
    const { code, out, err } = await this.run(...args);
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}:\n${out}${err}`);
    return out;
  }

  /** The same, as JSON. */
  async json(...args: readonly string[]): Promise<unknown> {
    return JSON.parse(await this.tells(...args, '--json'));
  }
}

/** Once `ask` tells it. */
export function untilTold(what: string, ask: () => Promise<string>, said: string): Promise<string> {
  let out = '';
  const isTold = async (): Promise<string | false> => {
    out = await ask();
    return out.includes(said) && out;
  };
  return eventually(what, isTold).catch((error: unknown) => {
    throw new Error(`${what}: it says\n${out}`, { cause: error });
  });
}
