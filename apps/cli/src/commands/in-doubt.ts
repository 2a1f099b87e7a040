// `concordat in-doubt`: every branch that is prepared, in every database, asked now; `in-doubt end`
// ends one that nobody else will end.
import type { InDoubtItemView, InDoubtListView } from '@concordat/wire/operations';
import { inDoubtListSchema } from '@concordat/wire/operations';
import type { Command } from 'commander';
import { operations } from '../api.js';
import type { Look } from '../render/look.js';
import { counted, missingLines, sessionLines } from '../render/parts.js';
import { wrapped } from '../render/text.js';
import { spanOf } from '../render/time.js';
import type { Shell } from '../shell.js';
import { told } from '../shell.js';
import { act, withDryRun } from './acting.js';
import type { Forcing } from './branch-actions.js';
import { outcomeOf, withOutcome } from './branch-actions.js';

export function addInDoubt(program: Command, shell: Shell): void {
  const inDoubt = program
    .command('in-doubt')
    .description('what is prepared in every registered database now, and who waits for it')
    .action(
      shell.answering(async ({ api }) =>
        told(await api.get(operations('in-doubt'), inDoubtListSchema), inDoubtLines),
      ),
    );
  withOutcome(withDryRun(inDoubt.command('end <resource-manager> <gid>')))
    .description('end a prepared branch that nobody will end; to commit takes a second person')
    .action(
      shell.answering<Forcing>(async ({ api, args: [name = '', gid = ''], options }) => {
        const { reason, dryRun = false } = options;
        const path = operations('resource-managers', name, 'end');
        return act(api, path, { gid, reason, dryRun, ...outcomeOf(options) });
      }),
    );
}

/** Not to be taken for more than it is. */
const NONE =
  'nothing is prepared in the databases that are registered; what services have prepared in ' +
  'others cannot be seen here: concordat list --unfinished';

function inDoubtLines({ items, missing }: InDoubtListView, look: Look): readonly string[] {
  const none = items.length === 0 ? wrapped(NONE, look.columns) : [];
  return [
    ...items.flatMap((item) => itemLines(item, look)),
    ...none,
    ...missingLines(missing, look),
  ];
}

function itemLines(item: InDoubtItemView, look: Look): readonly string[] {
  const { columns, paint } = look;
  const { blocks, ageMs, mayEnd, whyNot } = item;
  const age = ageMs === undefined ? '' : `, for ${spanOf(ageMs)}`;
  const isWorse = item.standing === 'orphaned' || item.standing === 'reappeared';
  const waits = blocks.known
    ? `${counted(blocks.locks.length, 'lock')}, ${counted(blocks.sessionsTotal, 'session')} waiting`
    : `what it blocks is not known: ${blocks.reason ?? 'it cannot tell'}`;
  return [
    `${paint('bold', item.gid)}  ${paint(isWorse ? 'red' : 'dim', item.standing)}`,
    ...wrapped(`at ${item.resourceManager}${age}: ${item.reason}`, columns, '  '),
    ...wrapped(waits, columns, '  '),
    ...blocks.sessions.flatMap((session) => sessionLines(session, look, '    ')),
    ...(item.ours && !mayEnd && whyNot !== undefined
      ? wrapped(`cannot be ended here: ${whyNot}`, columns, '  ')
      : []),
  ];
}
