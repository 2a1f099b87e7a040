// What a MariaDB or MySQL server is found to say of a branch, as an answer. Pure: the rules of
// mysql-resource-manager.ts as one table, and the sentences that people read.
import type { Answer } from '@concordat/engine';
import type { Json, Reply } from '@concordat/protocols';
import { unreachable } from '@concordat/protocols';
import type { Xid } from '@concordat/wire';
import { cleaned, isJsonObject } from '@concordat/wire';
import type { OutcomeRow } from './outcome-rows.js';

export type Order = 'commit' | 'rollback';

/** What the server says when it is told to end a branch. */
export type Word =
  /** OK. */
  | { readonly type: 'ended' }
  /** XAER_NOTA, and XA RECOVER does not list it. */
  | { readonly type: 'nothing' }
  /** XAER_NOTA, and XA RECOVER lists it. */
  | { readonly type: 'held' }
  /** XA_RBROLLBACK, as MariaDB says it of a branch that has changed nothing. */
  | { readonly type: 'wrote-nothing' }
  /** One of the XA_RB codes: it has been rolled back. */
  | { readonly type: 'rolled-back' }
  | { readonly type: 'refused'; readonly errno: number; readonly reason: string }
  | { readonly type: 'unknown'; readonly reason: string };

/** What decides about an order that has been answered. */
export interface Evidence {
  /** The branch's, for people. */
  readonly name: string;
  readonly order: Order;
  readonly word: Word;
  /** Undefined where it has not been looked at: nothing was promised. */
  readonly row: OutcomeRow | undefined;
  /** The vote has seen the branch's outcome row. */
  readonly isPromised: boolean;
}

/** The result of a vote that has seen the branch's outcome row; embedded, give the same. */
export const outcomeRowEvidence = { outcomeRow: true } as const satisfies Json;

/** @param result of the vote; undefined if nobody has voted here */
export function isPromisedIn(result: Json | undefined): boolean {
  return isJsonObject(result) && result['outcomeRow'] === true;
}

/** As people read it: gtrid and bqual, joined by a colon. */
export function nameOf({ gtrid, bqual }: Xid): string {
  return `${gtrid}:${bqual}`;
}

export function voted(isPromised: boolean): Answer {
  if (isPromised) {
    return { type: 'reply', reply: { type: 'prepared' }, result: outcomeRowEvidence };
  }
  return {
    type: 'reply',
    reply: { type: 'prepared' },
    note: 'it has no row in concordat_outcome: if a reply is lost, nothing will prove what it did',
  };
}

export function notPrepared(name: string): Answer {
  const note = cleaned(`nothing is prepared as ${name}`);
  return { type: 'reply', reply: { type: 'refused' }, note };
}

export function inDoubt(reason: string): Answer {
  return { type: 'in-doubt', reason: cleaned(reason) };
}

/** What a repetition cannot mend. */
const ADVICE: ReadonlyMap<number, string> = new Map([
  [1044, 'grant the account that is registered what it needs'],
  [1142, 'grant the account that is registered what it needs'],
  [1227, 'grant XA_RECOVER_ADMIN to the account that is registered'],
  [1290, 'register the primary'],
  [1792, 'register the primary'],
  [1836, 'register the primary'],
  [1399, 'let no proxy share sessions'],
  [1400, 'let no proxy share sessions'],
]);

/** The answer to an order. */
export function verdictOf(evidence: Evidence): Answer {
  const { order, word, row, isPromised } = evidence;
  switch (word.type) {
    case 'unknown':
      return inDoubt(word.reason);
    case 'refused': {
      const advice = ADVICE.get(word.errno);
      if (advice === undefined) return inDoubt(word.reason);
      return { type: 'balked', reason: cleaned(`${word.reason}: ${advice}`) };
    }
    case 'held':
      return inDoubt(HELD);
    case 'ended':
    case 'nothing':
    case 'wrote-nothing':
    case 'rolled-back':
      if (row?.type === 'unknown') return inDoubt(row.reason);
      if (row?.type === 'pending') return inDoubt(LOST_TRACK);
      if (row?.type === 'committed') return committed(evidence);
      if (row?.type === 'unreadable' && isPromised) return inDoubt(row.reason);
      return order === 'commit' ? notCommitted(evidence, word.type) : acknowledged();
    default:
      return unreachable(word);
  }
}

type Settled = 'ended' | 'nothing' | 'wrote-nothing' | 'rolled-back';

const HELD =
  'it is prepared, and the server does not find it: the session that prepared it is still ' +
  'connected, or somebody else is ending it; a service must close that connection';
const LOST_TRACK =
  'it is neither committed nor rolled back, and the server does not list it: its connection was ' +
  'reset after XA PREPARE; it can be ended when the server has been restarted';
const MISSING = 'its outcome row, which the vote had seen, is not there';

function committed({ order, name }: Evidence): Answer {
  if (order === 'commit') return acknowledged();
  return heuristic('commit', `the outcome row of ${name} proves that it has committed`);
}

/** A commit without a committed row. */
function notCommitted({ name, isPromised }: Evidence, word: Settled): Answer {
  const missing = isPromised ? `, and ${MISSING}` : '';
  const gone = `nothing is prepared as ${name} any more`;
  const rolledBack = `the server has rolled ${name} back${missing}`;
  switch (word) {
    case 'ended':
      if (!isPromised) return acknowledged();
      return heuristic('hazard', `the server has answered OK for ${name}${missing}`);
    case 'nothing':
      if (isPromised) return heuristic('rollback', `${gone}${missing}`);
      return heuristic('hazard', `${gone}, and it had no outcome row when it voted`);
    case 'wrote-nothing':
      if (isPromised) return heuristic('rollback', rolledBack);
      return acknowledged(`${name} had changed nothing`);
    case 'rolled-back':
      return heuristic('rollback', rolledBack);
    default:
      return unreachable(word);
  }
}

function acknowledged(note?: string): Answer {
  const reply: Reply = { type: 'acknowledged' };
  return note === undefined ? { type: 'reply', reply } : { type: 'reply', reply, note };
}

function heuristic(how: 'commit' | 'rollback' | 'hazard', note: string): Answer {
  return { type: 'reply', reply: { type: `heuristic-${how}` }, note: cleaned(note) };
}
