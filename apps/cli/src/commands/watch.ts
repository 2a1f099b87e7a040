// `concordat watch`: what matches, as it changes; `concordat watch <gtid>`: one transaction, line by
// line, until it has ended.
//
// W1. It looks again and again, and says what is new. A coordinator that is away for a while is
//     said to be, and asked again: a watch is for such times.
import { setTimeout as sleep } from 'node:timers/promises';
import type { TransactionDetailView, TriageListView } from '@concordat/wire/operations';
import { transactionDetailSchema, triageListSchema } from '@concordat/wire/operations';
import type { Command } from 'commander';
import { operations } from '../api.js';
import { exitCodes, Failure } from '../failure.js';
import { gtidOf } from '../gtid.js';
import { journalLine } from '../render/journal.js';
import { stateOf } from '../render/parts.js';
import { cleaned } from '../render/text.js';
import { timeOf } from '../render/time.js';
import type { Asked, Shell } from '../shell.js';
import type { Filters } from './filters.js';
import { queryOf, whole, withFilters } from './filters.js';
import { listLines } from './list.js';

interface Options extends Filters {
  readonly every: number;
}

const EVERY_S_DEFAULT = 2;
const EVERY_S_MAX = 3_600;
const SHOWN_MAX = '50';
/** Home, and everything below away. */
const CLEAR = '\u001b[H\u001b[J';

export function addWatch(program: Command, shell: Shell): void {
  withFilters(program.command('watch [gtid]'))
    .description('what matches, as it changes; or one transaction, until it has ended')
    .option('--every <seconds>', 'how often to look', whole(1, EVERY_S_MAX), EVERY_S_DEFAULT)
    .action(
      shell.doing<Options>(async (asked) => {
        const [text] = asked.args;
        if (text === undefined) return watchList(asked);
        const gtid = await gtidOf(asked.api, text);
        return watchOne(asked, gtid);
      }),
    );
}

async function watchOne(asked: Asked<Options>, gtid: string): Promise<void> {
  const { api, options, shell } = asked;
  let version = 0;
  let last = '';
  for (;;) {
    const look = (): Promise<TransactionDetailView> =>
      api.get(operations('transactions', gtid), transactionDetailSchema);
    const detail = await patiently(asked, look);
    const { transaction, journal } = detail;
    const news = journal.filter((line) => line.version > version);
    version = journal.at(-1)?.version ?? version;
    const now = `${transaction.version} ${transaction.why}`;
    if (options.json === true && now !== last) shell.printJsonLine(transaction);
    if (options.json !== true) shell.print(cleaned(news).map(journalLine));
    if (options.json !== true && now !== last) shell.print(stateLines(detail));
    last = now;
    if (transaction.phase === 'ended') return;
    await pause(options);
  }
}

function stateLines({ transaction }: TransactionDetailView): readonly string[] {
  const { why, decision, phase } = cleaned(transaction);
  const state = `${stateOf(transaction)}, decision ${decision}`;
  const isNews = why !== null && phase !== 'ended';
  return [isNews ? `       ${state}: ${why}` : `       ${state}`];
}

async function watchList(asked: Asked<Options>): Promise<void> {
  const { api, options, shell } = asked;
  const query = { ...queryOf(options), limit: SHOWN_MAX };
  let before: ReadonlyMap<string, string> = new Map();
  for (;;) {
    const view = await patiently(asked, () =>
      api.get(operations('transactions'), triageListSchema, query),
    );
    const after = new Map(view.items.map((item) => [item.gtid, rowOf(item)]));
    if (options.json === true) printNews(shell, view, before);
    else if (shell.isTerminal) redraw(shell, view);
    else shell.print(changesOf(before, after));
    before = after;
    await pause(options);
  }
}

function printNews(
  shell: Shell,
  { items }: TriageListView,
  before: ReadonlyMap<string, string>,
): void {
  for (const item of items) {
    if (before.get(item.gtid) !== rowOf(item)) shell.printJsonLine(item);
  }
}

function redraw(shell: Shell, view: TriageListView): void {
  const { look } = shell;
  const at = timeOf(new Date(look.now).toISOString());
  const lines = listLines(cleaned({ ...view, cursor: null }), look);
  const more = view.cursor === null ? [] : [`the first ${SHOWN_MAX} of them`];
  shell.print([`${CLEAR}${look.paint('dim', at)}`, ...lines, ...more]);
}

/** `+` matches now, `*` has changed, `-` matches no more. */
function changesOf(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly string[] {
  const at = timeOf(new Date().toISOString());
  const now = [...after].flatMap(([gtid, row]) => {
    const was = before.get(gtid);
    return was === row ? [] : [`${at}  ${was === undefined ? '+' : '*'} ${gtid}  ${row}`];
  });
  const gone = [...before.keys()].filter((gtid) => !after.has(gtid));
  return [...now, ...gone.map((gtid) => `${at}  - ${gtid}`)];
}

function rowOf(item: TriageListView['items'][number]): string {
  const { protocol, harm, why } = cleaned(item);
  return [protocol, stateOf(item), harm ?? '', why ?? ''].filter((part) => part !== '').join('  ');
}

/** W1. */
async function patiently<View>(
  { options, shell }: Asked<Options>,
  look: () => Promise<View>,
): Promise<View> {
  let told = '';
  for (;;) {
    try {
      return await look();
    } catch (error) {
      const isAway = error instanceof Failure && error.exitCode === exitCodes.unreachable;
      if (!isAway) throw error;
      if (error.message !== told) shell.complain(`concordat: ${error.message}`);
      told = error.message;
      await pause(options);
    }
  }
}

function pause({ every }: Options): Promise<void> {
  return sleep(every * 1_000);
}
