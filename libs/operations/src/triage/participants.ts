// The registered participants, with how each is: what this coordinator has seen, whether a person
// holds it back, what is stuck at it, and what recovery knows of it if it is a resource manager.
import type { Status } from '@concordat/recovery';
import type { OverviewView, ParticipantHealthView } from '@concordat/wire/operations';
import { healths } from '@concordat/wire/operations';
import type { BoardView } from './board.js';
import { BOARD_CUT } from './finder.js';
import type { Health } from './health.js';
import { judgeHealth } from './judge-health.js';
import type { TriagePorts } from './ports.js';
import { PAUSES } from './statements/overview.js';
import { timeOf } from './stored.js';

export interface ParticipantList {
  readonly items: ParticipantHealthView[];
  readonly missing: OverviewView['missing'];
}

/** The worst first, then by name. Rejects with JournalUnavailable. */
export async function participantsOf(
  ports: Pick<TriagePorts, 'store' | 'registered' | 'recovery' | 'views'>,
  health: Pick<Health, 'callsOf'>,
  board: BoardView,
): Promise<ParticipantList> {
  type Pause = { name: string; by: string; reason: string; since: Date };
  const rows = await ports.store.run<Pause>(PAUSES, []);
  const pauses = new Map(rows.map((row) => [row.name, row]));
  const statuses = ports.recovery.statuses();
  const stuck = stuckAt(board);
  const items = ports.registered().map(({ name, kind, address }): ParticipantHealthView => {
    const pause = pauses.get(name);
    const status = statuses.find((one) => one.name === name);
    const paused =
      pause === undefined
        ? null
        : { by: pause.by, reason: pause.reason, since: timeOf(pause.since.getTime()) };
    const scanned =
      status === undefined ? {} : { resourceManager: ports.views.resourceManager(status) };
    const calls = health.callsOf(name);
    const seen = { calls, paused, stuck: stuck.get(name) ?? 0, ...scanned };
    return { name, kind, address, ...seen, ...judgeHealth(seen) };
  });
  return {
    items: items.toSorted(worstFirst),
    missing: [...statuses.flatMap(unscanned), ...(board.isComplete ? [] : [BOARD_CUT])],
  };
}

function worstFirst(one: ParticipantHealthView, other: ParticipantHealthView): number {
  const rank = healths.indexOf(one.health) - healths.indexOf(other.health);
  return rank === 0 ? (one.name < other.name ? -1 : 1) : rank;
}

/** What recovery could not look through. */
export function unscanned({ name, lastScan }: Status): OverviewView['missing'] {
  const what = `what is prepared in ${name}`;
  if (lastScan === undefined) return [{ what, reason: 'It has not been scanned yet.' }];
  return lastScan.error === undefined ? [] : [{ what, reason: lastScan.error }];
}

/** How many transactions are stuck at each participant. */
function stuckAt({ items }: BoardView): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { calls } of items) {
    for (const name of new Set(calls.map(({ participant }) => participant))) {
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  return counts;
}
