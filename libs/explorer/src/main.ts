// The command line: `npm run explore -- …`. Exits with 1 if a model is not as it is expected.
import process from 'node:process';
import { catalogue } from './catalogue/index.js';
import { explore } from './explore.js';
import type { Options } from './options.js';
import { parseOptions, USAGE } from './options.js';
import type { Line } from './report.js';
import { isAsExpected, tableFor, traceOf } from './report.js';

/** A state has about 120 bytes here. */
const STATES_MAX = 20_000_000;

process.exitCode = main(process.argv.slice(2));

function main(args: readonly string[]): number {
  let options: Options;
  try {
    options = parseOptions(args, catalogue);
  } catch (error) {
    const names = catalogue.map(({ name }) => `  ${name}`).join('\n');
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n`);
    process.stderr.write(`The models are:\n${names}\n\n${USAGE}\n`);
    return 1;
  }
  switch (options.type) {
    case 'help':
      say(USAGE);
      return 0;
    case 'list':
      for (const { name, isLarge, about } of catalogue) {
        say(`${name.padEnd(36)}${about}${isLarge ? ' (large: only by its whole name)' : ''}`);
      }
      return 0;
    case 'explore':
      return exploreAll(options.entries);
  }
}

function exploreAll(entries: Extract<Options, { type: 'explore' }>['entries']): number {
  const { heading, lineOf } = tableFor(entries);
  say(heading);
  const lines = entries.map((entry): Line => {
    const began = performance.now();
    const exploration = explore(entry.model(), STATES_MAX);
    const line = { entry, exploration, seconds: (performance.now() - began) / 1_000 };
    say(lineOf(line));
    return line;
  });
  for (const line of lines) {
    const trace = traceOf(line);
    if (trace !== undefined) say(`\n${trace.trimEnd()}`);
  }
  const wrong = lines.filter((line) => !isAsExpected(line));
  const states = lines.reduce((sum, { exploration }) => sum + exploration.states, 0);
  const verdict = wrong.length === 0 ? 'all as expected' : `${wrong.length} NOT as expected`;
  say(`\n${lines.length} models, ${states.toLocaleString('en')} states: ${verdict}`);
  return wrong.length === 0 ? 0 : 1;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
