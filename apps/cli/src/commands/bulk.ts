// `concordat bulk`: one action on all that match, at a rate. Which ones is settled when it is asked
// for; what becomes of it can be watched, paused and cancelled.
import { setTimeout as sleep } from 'node:timers/promises';
import type { BulkView } from '@concordat/wire/operations';
import { bulkActions, bulkListSchema, bulkViewSchema } from '@concordat/wire/operations';
import type { Command } from 'commander';
import { Argument } from 'commander';
import type { Api } from '../api.js';
import { operations } from '../api.js';
import { exitCodes, usage } from '../failure.js';
import type { Look } from '../render/look.js';
import { tableOf } from '../render/table.js';
import { wrapped } from '../render/text.js';
import { agoOf } from '../render/time.js';
import type { Answer, Shell } from '../shell.js';
import { told } from '../shell.js';
import type { Acting } from './acting.js';
import { act, withDryRun, withReason } from './acting.js';
import type { Filters } from './filters.js';
import { queryOf, whole, withFilters } from './filters.js';

interface Options extends Acting, Filters {
  readonly perSecond: number;
  readonly failuresMax: number;
  readonly follow: boolean;
}

const PER_SECOND_DEFAULT = 20;
const PER_SECOND_MAX = 1_000;
const FAILURES_DEFAULT = 10;
const FAILURES_MAX = 10_000;
const LOOK_AGAIN_MS = 500;

export function addBulk(program: Command, shell: Shell): void {
  const bulk = program.command('bulk').description('one action on all that match');
  const action = new Argument('<action>', 'what to do').choices(bulkActions);
  withFilters(withDryRun(bulk.command('run').addArgument(action)))
    .description('do it to all that match now; shows how far it is until it has ended')
    .option('--per-second <n>', 'no faster', whole(1, PER_SECOND_MAX), PER_SECOND_DEFAULT)
    .option('--failures-max <n>', 'then it stops', whole(1, FAILURES_MAX), FAILURES_DEFAULT)
    .option('--no-follow', 'do not wait for its end')
    .action(
      shell.answering<Options>(async ({ api, args: [name = ''], options }) =>
        run(api, shell, name, options),
      ),
    );
  bulk
    .command('list')
    .description('those that run, and those that have ended lately')
    .action(
      shell.answering(async ({ api }) =>
        told(await api.get(operations('bulk'), bulkListSchema), ({ items }, look) =>
          items.length === 0 ? ['none'] : tableOf(COLUMNS, items.map(rowFor(look)), look),
        ),
      ),
    );
  bulk
    .command('show <id>')
    .description('how far one is, and what has failed')
    .action(
      shell.answering(async ({ api, args: [id = ''] }) =>
        told(await api.get(operations('bulk', id), bulkViewSchema), bulkLines),
      ),
    );
  steering(bulk, shell, 'pause', 'hold one that runs');
  steering(bulk, shell, 'cancel', 'end one that runs or is held; what is done stays done');
  steering(bulk, shell, 'resume', 'go on with one that is held, or has stopped').option(
    '--failures-max <n>',
    'of one that has stopped: after so many more it stops again',
    whole(1, FAILURES_MAX),
    FAILURES_DEFAULT,
  );
}

function steering(bulk: Command, shell: Shell, verb: string, what: string): Command {
  type Steering = Acting & Partial<Pick<Options, 'failuresMax'>>;
  const answer = shell.answering<Steering>(async ({ api, args: [id = ''], options }) => {
    const { reason, failuresMax } = options;
    const body = { reason, ...(failuresMax === undefined ? {} : { failuresMax }) };
    return told(await api.post(operations('bulk', id, verb), body, bulkViewSchema), bulkLines);
  });
  return withReason(bulk.command(`${verb} <id>`))
    .description(what)
    .action(answer);
}

async function run(api: Api, shell: Shell, action: string, options: Options): Promise<Answer> {
  const filter = queryOf(options);
  if (Object.keys(filter).length === 0) throw usage('say which: all of them is too many');
  const { reason, dryRun = false, perSecond: perSecondMax, failuresMax, follow } = options;
  const body = { action, filter, reason, dryRun, perSecondMax, failuresMax };
  if (dryRun) return act(api, operations('bulk'), body);
  let view = await api.post(operations('bulk'), body, bulkViewSchema);
  while (follow && (view.state === 'running' || view.state === 'paused')) {
    shell.complain(`${view.done + view.unchanged + view.failed} of ${view.total}, ${view.state}`);
    await sleep(LOOK_AGAIN_MS);
    view = await api.get(operations('bulk', view.id), bulkViewSchema);
  }
  const isBad = view.failed > 0 || view.state === 'stopped' || view.state === 'cancelled';
  return told(view, bulkLines, isBad ? exitCodes.refused : exitCodes.done);
}

const COLUMNS = [
  { title: 'ID' },
  { title: 'ACTION' },
  { title: 'STATE' },
  { title: 'DONE', align: 'right' },
  { title: 'OF', align: 'right' },
  { title: 'FAILED', align: 'right' },
  { title: 'ASKED', min: 8 },
  { title: 'REASON', min: 10 },
] as const;

function rowFor({ now }: Look): (view: BulkView) => readonly string[] {
  return ({ id, action, state, done, unchanged, total, failed, askedBy, askedAt, reason }) => [
    id,
    action,
    state,
    String(done + unchanged),
    String(total),
    String(failed),
    `${agoOf(askedAt, now)} by ${askedBy}`,
    reason,
  ];
}

function bulkLines(view: BulkView, { columns, paint }: Look): readonly string[] {
  const { id, action, state, total, done, unchanged, failed, failures, said } = view;
  const filter = Object.entries(view.filter).map(([name, value]) => `${name}=${value}`);
  const counts = `${done} done, ${unchanged} unchanged, ${failed} failed`;
  return [
    `${paint('bold', id)}  ${state}`,
    ...wrapped(`${action} ${total} with ${filter.join(' ')}: ${counts}`, columns, '  '),
    ...(said === undefined ? [] : wrapped(said, columns, '  ')),
    ...failures.flatMap(({ gtid, said: why }) => wrapped(`${gtid}: ${why}`, columns, '  ')),
  ];
}
