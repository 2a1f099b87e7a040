// `concordat databases`: those that take part themselves, as of their last scan; `databases scan`
// looks now, `databases self-test` tries out all that a branch needs.
import type { ResourceManagerView, SelfTestView } from '@concordat/wire';
import {
  resourceManagerListSchema,
  resourceManagerViewSchema,
  selfTestViewSchema,
} from '@concordat/wire';
import type { Command } from 'commander';
import { exitCodes } from '../failure.js';
import type { Look, Style } from '../render/look.js';
import { tableOf } from '../render/table.js';
import { wrapped } from '../render/text.js';
import { agoOf } from '../render/time.js';
import type { Shell } from '../shell.js';
import { told } from '../shell.js';

const DATABASES = 'v1/resource-managers';

export function addDatabases(program: Command, shell: Shell): void {
  const databases = program
    .command('databases')
    .description('the databases that take part, and what was prepared there at the last scan')
    .action(
      shell.answering(async ({ api }) =>
        told(await api.get(DATABASES, resourceManagerListSchema), ({ items }, look) =>
          items.length === 0 ? ['none takes part by itself'] : databaseLines(items, look),
        ),
      ),
    );
  databases
    .command('scan <name>')
    .description('look now: what is prepared, and what was done about it')
    .action(
      shell.answering(async ({ api, args: [name = ''] }) => {
        const path = `${DATABASES}/${encodeURIComponent(name)}/scan`;
        return told(await api.post(path, undefined, resourceManagerViewSchema), scannedLines);
      }),
    );
  databases
    .command('self-test <name>')
    .description('prepare, lose, find and end a branch; look at the settings: 1 if it fails')
    .action(
      shell.answering(async ({ api, args: [name = ''] }) => {
        const path = `${DATABASES}/${encodeURIComponent(name)}/self-test`;
        const tested = await api.post(path, undefined, selfTestViewSchema);
        const code = tested.verdict === 'fails' ? exitCodes.refused : exitCodes.done;
        return told(tested, testLines, code);
      }),
    );
}

const COLUMNS = [
  { title: 'DATABASE', min: 8 },
  { title: 'KIND' },
  { title: 'ANSWERS' },
  { title: 'IN DOUBT', align: 'right' },
  { title: 'ORPHANED', align: 'right' },
  { title: 'SCANNED', min: 8 },
  { title: 'ADDRESS', min: 12 },
  { title: 'SAYS', min: 10 },
] as const;

function databaseLines(items: readonly ResourceManagerView[], look: Look): readonly string[] {
  const rows = items.map(({ name, kind, address, reachable, prepared, lastScan, lastError }) => [
    name,
    kind,
    reachable === null
      ? 'not asked yet'
      : {
          text: reachable ? 'yes' : 'no',
          style: reachable ? ('green' as const) : ('red' as const),
        },
    String(prepared.inDoubt),
    String(prepared.orphaned + prepared.reappeared),
    lastScan === undefined ? 'never' : agoOf(lastScan.at, look.now),
    address,
    reachable === true ? '' : (lastError ?? ''),
  ]);
  return tableOf(COLUMNS, rows, look);
}

function scannedLines(view: ResourceManagerView, look: Look): readonly string[] {
  const { columns, paint, now } = look;
  const { branches, prepared } = view;
  const total = prepared.inDoubt + prepared.orphaned + prepared.reappeared;
  const shown = branches.flatMap((branch) => {
    const { gid, standing, reason, done, failure, heldBack, firstSeenAt } = branch;
    const why = failure ?? heldBack;
    const came = why === undefined ? done : `${done}: ${why}`;
    return [
      `${paint('bold', gid)}  ${paint(standing === 'in-doubt' ? 'dim' : 'red', standing)}`,
      ...wrapped(`${reason}; seen ${agoOf(firstSeenAt, now)}; ${came}`, columns, '  '),
    ];
  });
  const others = prepared.others === 0 ? [] : [`${prepared.others} with names of others`];
  const unseen = total - branches.length + prepared.notExamined;
  const more = unseen > 0 ? [`${unseen} more of ours are not shown`] : [];
  const none = total === 0 && unseen === 0 ? ['nothing of ours is prepared'] : [];
  const state = view.reachable === true ? none : [];
  return [...databaseLines([view], look), ...shown, ...state, ...more, ...others];
}

const STYLES: { readonly [V in SelfTestView['verdict']]: Style } = {
  passes: 'green',
  risk: 'yellow',
  fails: 'red',
};
const CHECKS = [{ title: 'CHECK' }, { title: 'VERDICT' }, { title: 'FINDING', min: 20 }] as const;

function testLines({ verdict, checks }: SelfTestView, look: Look): readonly string[] {
  const rows = checks.map(({ name, verdict: came, finding }) => [
    name,
    { text: came, style: STYLES[came] },
    finding,
  ]);
  return [...tableOf(CHECKS, rows, look), look.paint(STYLES[verdict], verdict)];
}
