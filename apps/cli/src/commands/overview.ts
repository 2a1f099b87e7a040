// `concordat overview`: what is wrong now, grouped by its cause, the most harmful first.
import type { CauseView, OverviewView } from '@concordat/wire/operations';
import { overviewSchema } from '@concordat/wire/operations';
import type { Command } from 'commander';
import { operations } from '../api.js';
import type { Look } from '../render/look.js';
import {
  counted,
  harmStyle,
  hiddenLines,
  missingLines,
  pauseSaid,
  sessionLines,
} from '../render/parts.js';
import { tableOf } from '../render/table.js';
import { wrapped } from '../render/text.js';
import { agoOf } from '../render/time.js';
import type { Shell } from '../shell.js';
import { told } from '../shell.js';

export function addOverview(program: Command, shell: Shell): void {
  program
    .command('overview')
    .description('what is wrong now, by its cause, the most harmful first')
    .action(
      shell.answering(async ({ api }) =>
        told(await api.get(operations('overview'), overviewSchema), overviewLines),
      ),
    );
}

const CAUSES = [
  { title: 'COUNT', align: 'right' },
  { title: 'HARM' },
  { title: 'AT', min: 8 },
  { title: 'OLDEST', min: 12 },
  { title: 'ERROR', min: 16 },
  { title: 'CAUSE' },
] as const;

function overviewLines(view: OverviewView, look: Look): readonly string[] {
  const { causes, blocked, missing, hidden } = view;
  return [
    ...wrapped(countsOf(view), look.columns),
    '',
    ...(causes.length === 0 ? ['nothing is stuck'] : tableOf(CAUSES, causeRows(view, look), look)),
    ...heldBackLines(view, look),
    ...(blocked.length === 0 ? [] : ['', 'Sessions that wait for a prepared branch:']),
    ...blocked.flatMap((session) => [
      ...sessionLines(session, look, '  '),
      ...wrapped(`${session.gid} at ${session.resourceManager}`, look.columns, '    '),
    ]),
    ...missingLines(missing, look),
    ...hiddenLines(hidden, look),
  ];
}

function countsOf({ now }: OverviewView): string {
  const perSecond = `${now.endedPerSecond.toFixed(1)} ended per second`;
  const also = [
    [now.paused, 'paused'],
    [now.sessionsBlocked, now.sessionsBlocked === 1 ? 'session blocked' : 'sessions blocked'],
    [now.heuristicsUnforgotten, 'heuristic and not dealt with'],
    [now.orphans, 'orphaned'],
    [now.approvalsPending, 'waiting for a second person'],
  ] as const;
  const counts = also.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  const base = [`${now.unfinished} unfinished`, `${now.stuck} stuck`];
  return [...base, ...counts, perSecond].join(' · ');
}

/** By people, who may have forgotten it: nothing of it goes on by itself. */
function heldBackLines({ now, participants }: OverviewView, look: Look): readonly string[] {
  const transactions = counted(now.paused, 'transaction is', 'transactions are');
  const held = [
    ...(now.paused === 0 ? [] : [`${transactions} paused: nothing is sent`]),
    ...participants.flatMap(({ name, paused }) => {
      return paused === null ? [] : [pauseSaid(name, paused, look)];
    }),
  ];
  if (held.length === 0) return [];
  const lines = held.flatMap((text) => wrapped(text, look.columns, '  '));
  return ['', 'People hold something back:', ...lines];
}

function causeRows({ causes }: OverviewView, { now }: Look) {
  return causes.map((cause: CauseView) => {
    const { count, harm, participant, operation, error, sessionsBlocked } = cause;
    const blocks = sessionsBlocked === 0 ? '' : ` (blocks ${counted(sessionsBlocked, 'session')})`;
    return [
      String(count),
      { text: harm, style: harmStyle(harm) },
      `${participant} ${operation}`,
      agoOf(cause.oldestBegunAt, now),
      `${error}${blocks}`,
      cause.fingerprint,
    ];
  });
}
