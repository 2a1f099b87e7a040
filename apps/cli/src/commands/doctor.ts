// `concordat doctor`: whether one could work with this coordinator, and whether all is well there.
// Every check says what was found; what cannot be asked is not called well.
//
//   ok     it is as it should be        warn   it works, and somebody should look
//   fail   it does not                  skip   it was not asked, and why
//
// Exit code 1 if anything fails, 3 if the coordinator cannot be reached.
import type { Command } from 'commander';
import type { ExitCode } from '../failure.js';
import { exitCodes } from '../failure.js';
import type { Look, Style } from '../render/look.js';
import { padded, wrapped } from '../render/text.js';
import type { Shell } from '../shell.js';
import { told } from '../shell.js';
import type { Check } from './checks.js';
import { checksOf } from './checks.js';

interface Options {
  /** False by `--no-self-test`. */
  readonly selfTest: boolean;
}

export function addDoctor(program: Command, shell: Shell): void {
  program
    .command('doctor')
    .description('coordinator, key, clock, databases, what is stuck: is all well?')
    .option('--no-self-test', 'do not try out the databases that take part')
    .action(
      shell.answering<Options>(async ({ api, options }) => {
        const checks = await checksOf(api, options);
        return told({ url: api.url.href, checks }, checkLines, codeOf(checks));
      }),
    );
}

function codeOf(checks: readonly Check[]): ExitCode {
  if (checks.some(({ name, state }) => name === 'coordinator' && state === 'fail')) {
    return exitCodes.unreachable;
  }
  return checks.some(({ state }) => state === 'fail') ? exitCodes.refused : exitCodes.done;
}

const STYLES: { readonly [S in Check['state']]: Style } = {
  ok: 'green',
  warn: 'yellow',
  fail: 'red',
  skip: 'dim',
};
const STATE_COLUMNS = 6;

interface Examined {
  readonly url: string;
  readonly checks: readonly Check[];
}

function checkLines({ url, checks }: Examined, { paint, columns }: Look): readonly string[] {
  const label = Math.max(...checks.map(({ name }) => name.length)) + 2;
  const width = columns === undefined ? undefined : columns - STATE_COLUMNS - label;
  const lines = checks.flatMap(({ name, state, said }) => {
    const [first = '', ...rest] = wrapped(said, width);
    const head = `${paint(STYLES[state], padded(state, STATE_COLUMNS))}${padded(name, label)}`;
    return [head + first, ...rest.map((line) => ' '.repeat(STATE_COLUMNS + label) + line)];
  });
  const count = (state: Check['state']): number =>
    checks.filter((check) => check.state === state).length;
  const [fails, warns] = [count('fail'), count('warn')];
  const verdict = fails > 0 ? `${fails} failed` : warns > 0 ? `${warns} to look at` : 'all is well';
  return [url, ...lines, verdict];
}
