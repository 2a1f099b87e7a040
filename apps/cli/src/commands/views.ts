// `concordat views`: filters that are worth a name, with how much is in each: ours, and one's own;
// `views save`, `views remove`. What a view names is listed by `list --view`.
import type { SavedViewView } from '@concordat/wire/operations';
import { savedViewListSchema, savedViewSchema } from '@concordat/wire/operations';
import type { Command } from 'commander';
import type { Api } from '../api.js';
import { nothing, operations } from '../api.js';
import { refused } from '../failure.js';
import { itemOf } from '../item.js';
import { tableOf } from '../render/table.js';
import type { Shell } from '../shell.js';
import { told } from '../shell.js';
import type { Filters } from './filters.js';
import { queryOf, withFilters } from './filters.js';

export function addViews(program: Command, shell: Shell): void {
  const views = program
    .command('views')
    .description('filters with a name, ours and your own, and how many are in each')
    .action(
      shell.answering(async ({ api }) =>
        told(await viewsOf(api), ({ items }, look) => tableOf(COLUMNS, items.map(rowOf), look)),
      ),
    );
  withFilters(views.command('save <name>'))
    .description('keep these filters under a name, for yourself')
    .action(
      shell.answering<Filters>(async ({ api, args: [name = ''], options }) => {
        const body = { name, query: queryOf(options) };
        return told(await api.post(operations('views'), body, savedViewSchema), savedLines);
      }),
    );
  views
    .command('remove <view>')
    .description('forget one of your own: its id, the beginning of that, or its name')
    .action(
      shell.answering(async ({ api, args: [text = ''] }) => {
        const { id, name, builtIn } = itemOf((await viewsOf(api)).items, text, 'view');
        if (builtIn) throw refused(`${name} is a view that everybody has: it stays`);
        await api.send('DELETE', operations('views', id), undefined, nothing);
        return { ...told(null, () => []), lines: () => [`done: it is removed (${id})`] };
      }),
    );
}

/** For which `--view` is given. @returns {} without one. @throws Failure unless there is one */
export async function viewQuery(
  api: Api,
  text: string | undefined,
): Promise<SavedViewView['query']> {
  if (text === undefined) return {};
  return itemOf((await viewsOf(api)).items, text, 'view').query;
}

export const VIEW = 'what this view has (concordat views), and is so besides';

function viewsOf(api: Api): Promise<{ readonly items: SavedViewView[] }> {
  return api.get(operations('views'), savedViewListSchema);
}

const COLUMNS = [
  { title: 'NAME', min: 8 },
  { title: 'COUNT', align: 'right' },
  { title: 'FILTERS', min: 16 },
  { title: 'ID', min: 13 },
] as const;

function rowOf({ id, name, query, count, atLeast }: SavedViewView): readonly string[] {
  const much = count === null ? 'not known' : `${count}${atLeast ? ' or more' : ''}`;
  return [name, much, filtersText(query), id];
}

function filtersText(query: SavedViewView['query']): string {
  const filters = Object.entries(query).map(([key, value]) => `${key}=${value}`);
  return filters.length === 0 ? 'none' : filters.join(' ');
}

function savedLines({ id, name, query }: SavedViewView): readonly string[] {
  return [`done: concordat list --view "${name}" has ${filtersText(query)} (${id})`];
}
