// `concordat watch`: what matches, as it changes; `concordat watch <gtid>`: one transaction, line by
// line, until it has ended.
//
// W1. The coordinator tells when something has changed; then it looks, and says what is new.
// W2. A coordinator that is away for a while is said to be, and asked again: a watch is for such
//     times. Who is not let in, or no more, is told so, and that is the end.
// W3. What is listed is the first page. What has left it may match as well as before, and is not
//     said to be gone.
import { setTimeout as sleep } from 'node:timers/promises';
import type { TransactionDetailView, TriageListView } from '@concordat/wire/operations';
import { transactionDetailSchema, triageListSchema } from '@concordat/wire/operations';
import type { Command } from 'commander';
import { operations } from '../api.js';
import { Changes, POLL_MS } from '../changes.js';
import { exitCodes, Failure } from '../failure.js';
import { gtidOf } from '../gtid.js';
import { journalLine } from '../render/journal.js';
import { stateOf } from '../render/parts.js';
import { cleaned, cleanText } from '../render/text.js';
import { timeOf } from '../render/time.js';
import type { Asked, Shell } from '../shell.js';
import type { Filters } from './filters.js';
import { queryOf, whole, withFilters } from './filters.js';
import { listLines } from './list.js';
import { VIEW, viewQuery } from './views.js';

interface Options extends Filters {
  readonly view?: string;
  readonly every: number;
}

/** By gtid, what is said of each. */
type Rows = ReadonlyMap<string, string>;

const EVERY_S_DEFAULT = 15;
const EVERY_S_MAX = 3_600;
const EVERY = 'how long not to look, though no change is told';
const SHOWN_MAX = '50';
/** Home, and everything below away. */
const CLEAR = '\u001b[H\u001b[J';

export function addWatch(program: Command, shell: Shell): void {
  withFilters(program.command('watch [gtid]'))
    .description('what matches, as it changes; or one transaction, until it has ended')
    .option('--view <view>', VIEW)
    .option('--every <seconds>', EVERY, whole(1, EVERY_S_MAX), EVERY_S_DEFAULT)
    .action(
      shell.doing<Options>(async (asked) => {
        const { api, args, options } = asked;
        const changes = new Changes(api, options.every * 1_000, (why) => complain(shell, why));
        try {
          const [text] = args;
          if (text === undefined) return await watchList(asked, changes);
          const gtid = await patiently(asked, () => gtidOf(api, text));
          return await watchOne(asked, gtid, changes);
        } finally {
          changes.close();
        }
      }),
    );
}

async function watchOne(asked: Asked<Options>, gtid: string, changes: Changes): Promise<void> {
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
    await changes.next();
  }
}

function stateLines({ transaction }: TransactionDetailView): readonly string[] {
  const { why, decision, phase } = cleaned(transaction);
  const state = `${stateOf(transaction)}, decision ${decision}`;
  const isNews = why !== null && phase !== 'ended';
  return [isNews ? `       ${state}: ${why}` : `       ${state}`];
}

async function watchList(asked: Asked<Options>, changes: Changes): Promise<void> {
  const { api, options, shell } = asked;
  const named = await patiently(asked, () => viewQuery(api, options.view));
  const query = { ...named, ...queryOf(options), limit: SHOWN_MAX };
  let before: Rows = new Map();
  for (;;) {
    const view = await patiently(asked, () =>
      api.get(operations('transactions'), triageListSchema, query),
    );
    const after: Rows = new Map(view.items.map((item) => [item.gtid, rowOf(item)]));
    if (options.json === true) printNews(shell, view, before);
    else if (shell.isTerminal) redraw(shell, view);
    else shell.print(changesOf(before, after, isBeyond(view)));
    before = after;
    await changes.next();
  }
}

/** W3. Of those that are not on the page. */
function isBeyond({ items, cursor }: TriageListView): (gtid: string) => boolean {
  const last = items.at(-1)?.gtid ?? '';
  return (gtid) => cursor !== null && gtid < last;
}

function printNews(shell: Shell, { items }: TriageListView, before: Rows): void {
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
  before: Rows,
  after: Rows,
  isUnseen: (gtid: string) => boolean,
): readonly string[] {
  const at = timeOf(new Date().toISOString());
  const now = [...after].flatMap(([gtid, row]) => {
    const was = before.get(gtid);
    return was === row ? [] : [`${at}  ${was === undefined ? '+' : '*'} ${gtid}  ${row}`];
  });
  const gone = [...before.keys()].filter((gtid) => !after.has(gtid) && !isUnseen(gtid));
  return [...now, ...gone.map((gtid) => `${at}  - ${gtid}`)];
}

function rowOf(item: TriageListView['items'][number]): string {
  const { protocol, harm, why } = cleaned(item);
  return [protocol, stateOf(item), harm ?? '', why ?? ''].filter((part) => part !== '').join('  ');
}

/** W2. */
async function patiently<View>(
  { shell }: Asked<Options>,
  look: () => Promise<View>,
): Promise<View> {
  let told = '';
  for (;;) {
    try {
      const view = await look();
      if (told !== '') complain(shell, 'it answers again');
      return view;
    } catch (error) {
      const isAway = error instanceof Failure && error.exitCode === exitCodes.unreachable;
      if (!isAway) throw error;
      if (error.message !== told)
        complain(shell, `${error.message.replace(/\.$/, '')}; waits for it`);
      told = error.message;
      await sleep(POLL_MS);
    }
  }
}

function complain(shell: Shell, message: string): void {
  shell.complain(`concordat: ${cleanText(message)}`);
}
