// A participant behind the barrier (2PC, TCC, Saga): one row, one comparison of tokens, and the
// rule that ships, `verdict` of @concordat/participant-sdk.
//
// The comparison itself is a statement of SQL there, and three lines here:
//
//   lower   stale: it says nothing that is a reply
//   equal   the same call: its recorded reply is repeated
//   higher  the next call: what the rule says of it is recorded
//
// 2PC keeps its prepared work outside of the row; test/barrier shows that it answers as this one.
import type { Operation, Reply, TokenedCall } from '@concordat/protocols';
import { isQuestion } from '@concordat/protocols';
import type { Aim, Work } from '@concordat/participant-sdk';
import { verdict } from '@concordat/participant-sdk';
import type { Answered, OwnAct, ParticipantRules } from './parts.js';

export interface Row {
  /** The highest that was seen; 0: no call was. */
  readonly token: number;
  readonly work: Work;
  /** What is repeated to the call with that token. */
  readonly reply: Reply | null;
}

export interface BarrierOptions {
  readonly mayRefuse: boolean;
  /** 2PC: there may be nothing to commit. */
  readonly mayBeReadOnly: boolean;
  /** How work that is done may end behind the back of the coordinator. */
  readonly heuristics: readonly ('completed' | 'undone')[];
}

export const noRow: Row = { token: 0, work: 'none', reply: null };

export function barrierParticipant(options: BarrierOptions): ParticipantRules<Row> {
  return {
    fresh: noRow,
    answersTo: (row, call) => answersTo(row, call, options),
    isDeafTo: (row, { token }) => token <= row.token,
    essenceOfCall: (_, call) => call,
    ownActs: (row) => heuristicsOf(row, options),
    describe: ({ work, token }) => `${work}, token ${token}`,
  };
}

function answersTo(row: Row, call: TokenedCall, options: BarrierOptions): readonly Answered<Row>[] {
  if (call.token < row.token) return [];
  if (call.token === row.token) return [{ standing: row, reply: row.reply }];
  return nextCall(row, call, options);
}

/** The next call of its branch: its token is higher than any. */
function nextCall(
  row: Row,
  call: TokenedCall,
  { mayRefuse, mayBeReadOnly }: BarrierOptions,
): readonly Answered<Row>[] {
  const { token, operation } = call;
  const recorded = (work: Work, reply: Reply): Answered<Row> => ({
    standing: { token, work, reply },
    reply,
  });
  const what = verdict(aimOf(operation), row.work);
  switch (what.type) {
    case 'contradiction':
      return [];
    case 'answer':
      return [recorded(what.becomes, what.answer.reply)];
    case 'run': {
      const refuses = mayRefuse && isQuestion(operation) && call.retriable !== true;
      const isEmpty = mayBeReadOnly && operation === 'prepare';
      return [
        recorded(what.becomes, yesTo(operation)),
        ...(isEmpty ? [recorded('read-only', { type: 'read-only' })] : []),
        ...(refuses ? [recorded(row.work, { type: 'refused' })] : []),
      ];
    }
  }
}

function heuristicsOf(row: Row, { heuristics }: BarrierOptions): readonly OwnAct<Row>[] {
  if (row.work !== 'done') return [];
  return heuristics.map((work) => ({
    standing: { ...row, work },
    act: work === 'completed' ? 'commits by itself' : 'rolls back by itself',
  }));
}

const aims: { readonly [O in Operation]?: Aim } = {
  prepare: 'forward',
  try: 'forward',
  execute: 'forward',
  commit: 'complete',
  confirm: 'complete',
  rollback: 'undo',
  cancel: 'undo',
  compensate: 'undo',
  'commit-one-phase': 'one-phase',
};

function aimOf(operation: Operation): Aim {
  const aim = aims[operation];
  if (aim === undefined) throw new RangeError(`${operation} is not asked behind the barrier`);
  return aim;
}

function yesTo(operation: Operation): Reply {
  if (operation === 'prepare') return { type: 'prepared' };
  if (operation === 'try') return { type: 'tried' };
  return { type: operation === 'execute' ? 'done' : 'acknowledged' };
}
