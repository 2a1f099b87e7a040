// The words of a trace: one line a step, in the language of test/traces.
//
//   who          what happens to it                 ⇒ what becomes of it  -> what it sends
import type { Call, Event, Reply, Standing, Summary } from '@concordat/protocols';
import { unreachable } from '@concordat/protocols';

/** `prepare`, `pre-commit@5`. */
export function describeCall({ operation, ballot }: Call): string {
  return ballot === undefined ? operation : `${operation}@${ballot}`;
}

/** `prepare to a b, commit to c`. */
export function asked(calls: readonly Call[]): string {
  const branches = new Map<string, string[]>();
  for (const call of calls) {
    const what = describeCall(call);
    branches.set(what, [...(branches.get(what) ?? []), call.branch]);
  }
  return [...branches].map(([what, to]) => `${what} to ${to.join(' ')}`).join(', ');
}

export function describeEvent(event: Event): string {
  switch (event.type) {
    case 'enlisted':
      return `enlist ${event.branches.map(({ id }) => id).join(' ')}`;
    case 'commit-requested':
      return 'commit';
    case 'rollback-requested':
      return 'rollback';
    case 'replied':
      return `${event.call.branch}: ${describeReply(event.reply)} to ${describeCall(event.call)}`;
    case 'exhausted':
      return `exhausted ${event.call.branch}`;
    case 'woken':
      return 'wake';
    default:
      return unreachable(event);
  }
}

export function describeReply(reply: Reply): string {
  return reply.type === 'standing' ? describeStanding(reply.standing) : reply.type;
}

export function describeStanding({ state, lastElected, lastAttempt }: Standing): string {
  return `${state} elected ${lastElected} attempt ${lastAttempt}`;
}

export function describeSummary({ phase, outcome, branches }: Summary): string {
  const states = branches.map(({ id, state }) => `${id}=${state}`).join(' ');
  return `${outcome === undefined ? phase : `${phase} ${outcome}`} [${states}]`;
}
