// `concordat participants`: who takes part, and how they do; `participants pause|resume <name>`.
import type { ParticipantHealthView } from '@concordat/wire/operations';
import { participantListSchema } from '@concordat/wire/operations';
import type { Command } from 'commander';
import { operations } from '../api.js';
import type { Look, Style } from '../render/look.js';
import { missingLines } from '../render/parts.js';
import { tableOf } from '../render/table.js';
import type { Shell } from '../shell.js';
import { told } from '../shell.js';
import type { Acting } from './acting.js';
import { act, bodyOf, withDryRun } from './acting.js';

export function addParticipants(program: Command, shell: Shell): void {
  const participants = program
    .command('participants')
    .description('who takes part, and how they have answered lately')
    .action(
      shell.answering(async ({ api }) => {
        const list = await api.get(operations('participants'), participantListSchema);
        return told(list, ({ items, missing }, look) => [
          ...(items.length === 0 ? ['none is registered'] : healthLines(items, look)),
          ...missingLines(missing, look),
        ]);
      }),
    );
  for (const action of ['pause', 'resume'] as const) {
    const what = action === 'pause' ? 'call it no more, until it is resumed' : 'call it again';
    withDryRun(participants.command(`${action} <name>`))
      .description(what)
      .action(
        shell.answering<Acting>(async ({ api, args: [name = ''], options }) =>
          act(api, operations('participants', name, action), bodyOf(options)),
        ),
      );
  }
}

const COLUMNS = [
  { title: 'PARTICIPANT', min: 8 },
  { title: 'KIND' },
  { title: 'HEALTH' },
  { title: 'STUCK', align: 'right' },
  { title: 'P95', align: 'right' },
  { title: 'ADDRESS', min: 12 },
  { title: 'SAYS', min: 16 },
] as const;

const STYLES: { readonly [H in ParticipantHealthView['health']]: Style } = {
  healthy: 'green',
  failing: 'red',
  silent: 'red',
  paused: 'cyan',
  unknown: 'dim',
};

function healthLines(items: readonly ParticipantHealthView[], look: Look): readonly string[] {
  const rows = items.map(({ name, kind, health, stuck, calls, address, said }) => {
    const p95Ms = calls?.p95Ms ?? null;
    return [
      name,
      kind,
      { text: health, style: STYLES[health] },
      String(stuck),
      p95Ms === null ? '' : `${Math.round(p95Ms)} ms`,
      address,
      said,
    ];
  });
  return tableOf(COLUMNS, rows, look);
}
