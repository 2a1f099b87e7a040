// What every command shares: whom it asks, how its answer is shown, how it ends.
//
// C1. With --json exactly one JSON document stands on standard output: what the API has answered,
//     or the problem. (A `watch` writes one a line.) Everything else is for people.
// C2. What is shown to people has been cleaned before it is laid out, by `told`: no command can
//     forget it (T1 of render/text.ts).
import type { Command } from 'commander';
import { Api } from './api.js';
import type { ExitCode, Failure } from './failure.js';
import { exitCodes } from './failure.js';
import type { Look } from './render/look.js';
import { lookOf } from './render/look.js';
import { cleanJson, cleaned, cleanText } from './render/text.js';
import type { Environment } from './settings.js';
import { settingsOf } from './settings.js';

/** The options that every command has. */
export interface Common {
  readonly url?: string;
  readonly keyFile?: string;
  readonly json?: boolean;
}

export interface Answer {
  readonly json: unknown;
  readonly lines: (look: Look) => readonly string[];
  readonly exitCode: ExitCode;
}

/** C2. @param render lays out a view that is cleaned */
export function told<View>(
  view: View,
  render: (view: View, look: Look) => readonly string[],
  exitCode: ExitCode = exitCodes.done,
): Answer {
  return { json: view, lines: (look) => render(cleaned(view), look), exitCode };
}

export interface Asked<Options> {
  readonly api: Api;
  readonly args: readonly string[];
  readonly options: Options & Common;
  readonly shell: Shell;
}

interface Output {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

export class Shell {
  exitCode: ExitCode = exitCodes.done;

  constructor(
    private readonly stdout: Output,
    private readonly stderr: Output,
    private readonly environment: Environment,
  ) {}

  /** As it is now: a terminal may become wider. */
  get look(): Look {
    return lookOf(this.stdout, this.environment, Date.now());
  }

  get isTerminal(): boolean {
    return this.stdout.isTTY === true;
  }

  /** What commander calls when it has understood a command. */
  answering<Options>(
    work: (asked: Asked<Options>) => Promise<Answer>,
  ): (...given: readonly unknown[]) => Promise<void> {
    return this.doing<Options>(async (asked) => {
      const { json, lines, exitCode } = await work(asked);
      this.exitCode = exitCode;
      if (asked.options.json === true) this.printJson(json);
      else this.print(lines(this.look));
    });
  }

  /** The same, of a command that prints as it goes. */
  doing<Options>(
    work: (asked: Asked<Options>) => Promise<void>,
  ): (...given: readonly unknown[]) => Promise<void> {
    return async (...given) => {
      const command = given.at(-1) as Command;
      const options: Options & Common = command.optsWithGlobals();
      const api = new Api(settingsOf(options, this.environment));
      await work({ api, args: command.args, options, shell: this });
    };
  }

  print(lines: readonly string[]): void {
    if (lines.length > 0) this.stdout.write(`${lines.join('\n')}\n`);
  }

  printJson(value: unknown): void {
    this.stdout.write(`${cleanJson(value, 2)}\n`);
  }

  printJsonLine(value: unknown): void {
    this.stdout.write(`${cleanJson(value)}\n`);
  }

  /** For people, whatever standard output is for. */
  complain(message: string): void {
    this.stderr.write(`${message}\n`);
  }

  fail({ message, problem, exitCode }: Failure, { json = false }: Common): void {
    this.exitCode = exitCode;
    if (json) this.printJson(problem);
    this.complain(`concordat: ${message.split('\n').map(cleanText).join('\n')}`);
  }
}
