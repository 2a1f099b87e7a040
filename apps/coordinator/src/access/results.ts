// Who is shown what participants have answered: it is as private as the payloads are.
//
// Whoever begins transactions for a tenant is its initiator, and is told the results of what it has
// asked for. Everybody else takes the permission to read payloads.
import type { Principal } from '@concordat/access';
import { may } from '@concordat/access';
import type { JournalView, TransactionView } from '@concordat/wire';

export function seesResults(principal: Principal, tenant: string): boolean {
  return may(principal, 'payloads.read', tenant) || may(principal, 'transactions.begin', tenant);
}

export function withoutResults(view: TransactionView): TransactionView {
  return { ...view, branches: view.branches.map(({ result: _hidden, ...branch }) => branch) };
}

export function journalWithoutResults(view: JournalView): JournalView {
  const lines = view.lines.map((line) => ({
    ...line,
    events: line.events.map((event) => {
      if (event.type !== 'replied') return event;
      const { result: _hidden, ...rest } = event;
      return rest;
    }),
  }));
  return { ...view, lines };
}
