// Where a transaction has been: its journal, told to its protocol again. Pure.
//
// E1. What the protocol makes of the lines must be the state that the row has; else (a line is
//     missing, or was written by another version of ours) only what is certain is told: where it
//     is now.
import { isDeepStrictEqual } from 'node:util';
import type { Definition, JournalLine } from '@concordat/engine';
import { planOf } from '@concordat/engine';
import type { Instant, Transaction } from '@concordat/protocols';
import { advance, beginTransaction } from '@concordat/protocols';
import type { MachineView } from '@concordat/wire/operations';
import type { WrittenLine } from './ports.js';
import { timeOf } from './stored.js';

type Visited = MachineView['visited'];
type Event = JournalLine['events'][number];

/**
 * @param first the definition as of version 1; undefined if it is not there any more
 * @param lines all of them, in order
 */
export function visitedOf(
  now: Transaction,
  first: Definition | undefined,
  lines: readonly WrittenLine[],
): Visited {
  const ways = now.current.protocol === 'saga' ? [true] : [true, false];
  const told = first === undefined ? [] : ways.map((driven) => replay(first, driven, lines));
  const fitting = told.find(({ last }) => isDeepStrictEqual(plain(last), plain(now)));
  return fitting?.visited ?? onlyNow(now, lines); // E1
}

/** @param driven was not written down: of an initiator's commit, or from the start */
function replay(
  first: Definition,
  driven: boolean,
  lines: readonly WrittenLine[],
): { readonly last: Transaction; readonly visited: Visited } {
  const { protocol, deadlineAt, branches } = first;
  const plans = branches.map(planOf);
  let last = beginTransaction(protocol, { branches: plans, deadline: deadlineAt, driven });
  const visited: Visited = [];
  const arrive = (transaction: Transaction, at: Instant): void => {
    const { phase } = transaction.current.state;
    if (visited.at(-1)?.phase !== phase) visited.push({ phase, at: timeOf(at) });
    last = transaction;
  };
  for (const { version, at, line } of lines) {
    if (version === 1) arrive(last, at);
    for (const event of line.events) {
      if (isBegun(event)) continue;
      arrive(advance(last, [event], Math.max(version, last.version)).transaction, at);
    }
  }
  return { last, visited };
}

function isBegun(event: Event): event is Extract<Event, { type: 'begun' }> {
  return event.type === 'begun';
}

/** Tokens are counted by versions, which a replay event by event gives out otherwise. */
function plain({ current }: Transaction): unknown {
  return JSON.parse(JSON.stringify(current));
}

function onlyNow({ current }: Transaction, lines: readonly WrittenLine[]): Visited {
  const at = lines.at(-1)?.at;
  return at === undefined ? [] : [{ phase: current.state.phase, at: timeOf(at) }];
}
