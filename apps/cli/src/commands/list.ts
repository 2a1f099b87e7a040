// `concordat list`: the transactions for which everything given holds, the newest first.
import type { TriageListView } from '@concordat/wire/operations';
import { triageListSchema } from '@concordat/wire/operations';
import type { Command } from 'commander';
import type { Api, Query } from '../api.js';
import { operations } from '../api.js';
import { pagesOf } from '../paging.js';
import type { Look } from '../render/look.js';
import { harmStyle, missingLines, stateOf } from '../render/parts.js';
import { tableOf } from '../render/table.js';
import { roughSpanOf } from '../render/time.js';
import type { Shell } from '../shell.js';
import { told } from '../shell.js';
import type { Filters } from './filters.js';
import { queryOf, whole, withFilters } from './filters.js';
import { VIEW, viewQuery } from './views.js';

interface Options extends Filters {
  readonly view?: string;
  readonly limit: number;
  readonly cursor?: string;
  readonly ids?: boolean;
}

type Item = TriageListView['items'][number];

const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 100_000;

export function addList(program: Command, shell: Shell): void {
  withFilters(program.command('list'))
    .summary('transactions, the newest first')
    .description('Lists the transactions for which everything given holds, the newest first.')
    .option('--view <view>', VIEW)
    .option('--limit <n>', 'how many at most', whole(1, LIMIT_MAX), LIMIT_DEFAULT)
    .option('--cursor <cursor>', 'goes on where an earlier list has ended')
    .option('--ids', 'their ids alone, one a line: for xargs')
    .action(
      shell.answering<Options>(async ({ api, options }) => {
        const { view, limit, cursor, ids = false } = options;
        const query = { ...(await viewQuery(api, view)), ...queryOf(options), cursor };
        return told(await pages(api, query, limit), ids ? idLines : listLines);
      }),
    );
}

async function pages(api: Api, query: Query, limit: number): Promise<TriageListView> {
  const { pages: found, cursor } = await pagesOf(
    (page) => api.get(operations('transactions'), triageListSchema, { ...query, ...page }),
    limit,
    query['cursor'],
  );
  const items = found.flatMap((page) => page.items);
  return { items, cursor, missing: found.flatMap(({ missing }) => missing) };
}

function idLines({ items }: TriageListView): readonly string[] {
  return items.map(({ gtid }) => gtid);
}

const COLUMNS = [
  { title: 'GTID', min: 18 },
  { title: 'PROTOCOL' },
  { title: 'STATE', min: 10 },
  { title: 'HARM', min: 10 },
  { title: 'AGE', align: 'right' },
  { title: 'NAME', min: 4 },
  { title: 'WHY', min: 10 },
] as const;

/** Of what has ended, `ageMs` is how long it took. @returns milliseconds */
function sinceBegun({ begunAt, endedAt, ageMs }: Item, now: number): number {
  return endedAt === undefined ? ageMs : now - Date.parse(begunAt);
}

export function listLines({ items, cursor, missing }: TriageListView, look: Look): string[] {
  const rows = items.map((item) => [
    item.gtid,
    item.protocol,
    stateOf(item),
    { text: item.harm ?? '', style: harmStyle(item.harm) },
    roughSpanOf(sinceBegun(item, look.now)),
    item.name ?? '',
    item.why ?? '',
  ]);
  const more = cursor === null ? [] : [`there are more: --cursor ${cursor}, or a higher --limit`];
  const none = items.length === 0 ? ['none'] : [];
  return [...tableOf(COLUMNS, rows, look), ...none, ...more, ...missingLines(missing, look)];
}
