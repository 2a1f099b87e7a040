// What a Postgres database is found to say of a branch, as an answer. Pure: the rules of
// postgres-resource-manager.ts, and the sentences that people read.
import type { Answer } from '@concordat/engine';
import type { Json, Reply } from '@concordat/protocols';
import { cleaned, isJsonObject } from '@concordat/wire';

export type Order = 'commit' | 'rollback';

/** What LOOK returns. */
export interface Look {
  readonly in_recovery: boolean;
  readonly database: string;
  readonly role: string;
  /** System identifier and timeline, joined by a slash; null on a standby. */
  readonly server: string | null;
  readonly is_replicated: boolean;
  /** The database that the gid is prepared in. */
  readonly prepared_in: string | null;
  readonly prepared_by: string | null;
  readonly may_end: boolean;
  readonly xid: string | null;
  readonly fate: 'in progress' | 'committed' | 'aborted' | 'unassigned' | null;
}

/** What a vote leaves in the journal, so that the branch can be found again once it has ended. */
export interface Voted {
  /** xid8, as text: it is never used twice within one history of the server. */
  readonly xid: string;
  /** In which history; undefined if whoever voted did not say. */
  readonly server: string | undefined;
  /** The vote had reached the synchronous standby. */
  readonly isReplicated: boolean;
}

export const STANDBY = 'it is a standby (in recovery): register the primary';
const XID8 = /^\d{1,19}$/;

/** P1, P2: the answer to `prepare`. */
export function voteOf(gid: string, seen: Look): Answer {
  const { in_recovery, database, role, prepared_in, prepared_by, may_end, xid } = seen;
  if (in_recovery) return inDoubt(STANDBY);
  if (prepared_in === null) {
    const note = cleaned(`nothing is prepared as ${gid} in the database ${database}`);
    return { type: 'reply', reply: { type: 'refused' }, note };
  }
  if (prepared_in !== database) {
    return inDoubt(`${gid} is prepared in the database ${prepared_in}: register that one`);
  }
  if (!may_end) {
    return inDoubt(
      `${gid} was prepared by the role ${prepared_by}, and ${role} may not end it: ` +
        `register the role ${prepared_by}, or a superuser, or let services prepare as ${role}`,
    );
  }
  const server = seen.server === null ? {} : { server: seen.server };
  const result = { xid, ...server, replicated: seen.is_replicated };
  return { type: 'reply', reply: { type: 'prepared' }, result };
}

/** @param result of the vote; undefined, or of another shape, if nobody has voted here */
export function votedIn(result: Json | undefined): Voted | undefined {
  if (!isJsonObject(result)) return undefined;
  const { xid, server, replicated } = result;
  if (typeof xid !== 'string' || !XID8.test(xid)) return undefined;
  return {
    xid,
    server: typeof server === 'string' ? server : undefined,
    isReplicated: replicated === true,
  };
}

/** How a branch stands that has voted and is not prepared any more (P4, P5). */
export type Fate =
  | { readonly type: 'ended'; readonly how: Order; readonly note: string }
  /** Somebody is ending it at this moment. */
  | { readonly type: 'ending' }
  | { readonly type: 'another-server'; readonly note: string }
  /** Nobody can tell, now or later. */
  | { readonly type: 'untold'; readonly note: string };

/** P4, P5: what has become of the xid of a vote whose gid is not prepared. */
export function fateIn(gid: string, voted: Voted, seen: Look): Fate {
  const { server = '', xid } = voted;
  if (server !== '' && systemOf(server) !== systemOf(seen.server ?? '')) {
    return { type: 'another-server', note: otherServer(server, seen.server ?? 'a standby') };
  }
  const nothing = `nothing is prepared as ${gid} any more`;
  switch (seen.fate) {
    case 'in progress':
      return { type: 'ending' };
    case 'aborted':
      return endedBy('rollback', `${nothing}, and its transaction ${xid} has aborted`);
    case 'unassigned':
      return endedBy('rollback', `${nothing}, and ${lost(xid)}`);
    case 'committed':
      if (isSameHistory(voted, seen)) {
        return endedBy('commit', `${nothing}, and its transaction ${xid} has committed`);
      }
      return { type: 'untold', note: `${nothing}, and ${anotherHistory(voted, seen)}` };
    case null:
      return {
        type: 'untold',
        note: `${nothing}, and its transaction ${xid} is too old to be known of`,
      };
  }
}

/** The answer to an order whose gid is not prepared, by what has become of its xid. */
export function fateOf(order: Order, gid: string, voted: Voted | undefined, seen: Look): Answer {
  if (seen.in_recovery) return inDoubt(STANDBY);
  if (seen.prepared_in !== null) return working; // it has come back in between
  if (voted === undefined) return unvoted(order, gid);
  const fate = fateIn(gid, voted, seen);
  switch (fate.type) {
    case 'ending':
      return working;
    case 'another-server':
      return { type: 'balked', reason: cleaned(fate.note) };
    case 'ended':
      return ended(order, fate.how, fate.note);
    case 'untold':
      return hazard(fate.note);
  }
}

/** P6: an order that has failed, the missing gid apart. */
export function failureOf(sqlState: string, reason: string): Answer {
  const advice = ADVICE.get(sqlState);
  if (advice !== undefined) return { type: 'balked', reason: cleaned(`${reason}: ${advice}`) };
  return BUSY.has(sqlState) ? working : inDoubt(reason);
}

export function inDoubt(reason: string): Answer {
  return { type: 'in-doubt', reason: cleaned(reason) };
}

/** It is not prepared here: `COMMIT PREPARED` and `ROLLBACK PREPARED` say no more than that. */
export const UNDEFINED_OBJECT = '42704';

const ADVICE: ReadonlyMap<string, string> = new Map([
  ['42501', 'register the role that prepares the branches, or a superuser'],
  ['0A000', 'register the database that the branch is prepared in'],
  ['25001', 'let no pooler put statements into a transaction of its own'],
  ['25006', 'register the primary'],
]);

const BUSY: ReadonlySet<string> = new Set([
  '55000', // somebody else is ending it at this moment
  '53200', // out of shared memory, which is back-pressure
]);

const working: Answer = { type: 'working', retryAfterMs: undefined };
const acknowledged: Answer = { type: 'reply', reply: { type: 'acknowledged' } };

function unvoted(order: Order, gid: string): Answer {
  if (order === 'rollback') return acknowledged;
  return hazard(`nothing is prepared as ${gid}, and its vote has left no xid to look for`);
}

function endedBy(how: Order, note: string): Fate {
  return { type: 'ended', how, note };
}

/** @param how it has ended, in truth */
function ended(order: Order, how: Order, note: string): Answer {
  return order === how ? acknowledged : heuristic(`heuristic-${how}`, note);
}

function hazard(note: string): Answer {
  return heuristic('heuristic-hazard', note);
}

function heuristic(type: Reply['type'] & `heuristic-${string}`, note: string): Answer {
  return { type: 'reply', reply: { type }, note: cleaned(note) };
}

/** P5. A standby that had the vote has its xid, so that no other transaction can bear it. */
function isSameHistory({ server, isReplicated }: Voted, seen: Look): boolean {
  return isReplicated || server === undefined || server === seen.server;
}

function systemOf(server: string): string {
  return server.split('/')[0] ?? '';
}

function lost(xid: string): string {
  return `this server has not come to ${xid}: it was put back, or a failover has lost the branch`;
}

function anotherHistory({ server, xid }: Voted, seen: Look): string {
  return (
    `the server has gone from timeline ${server} to ${seen.server} since the vote, which was not ` +
    `replicated: the transaction ${xid} that has committed there may be another one`
  );
}

function otherServer(before: string, now: string): string {
  return `the branch has voted on the server ${before}, and this is ${now}: register that one again`;
}
