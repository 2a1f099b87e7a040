// The triage pages on a real journal, without a coordinator around them.
import type { Principal } from '@concordat/access';
import { journalView, ResourceNames, transactionView } from '@concordat/embedded';
import { systemTimers } from '@concordat/engine';
import type { OpenJournal } from '@concordat/journal';
import type {
  OperatorAnswer,
  OperatorRequest,
  Route,
  Triage,
  TriagePorts,
} from '@concordat/operations';
import { openTriage } from '@concordat/operations';
import type { Grant } from '@concordat/wire/operations';
import { newGtid } from '../support/gtids.js';

/** Every role but the auditor's and the resolver's, unless said otherwise. */
export function principal(grants: readonly Grant[], id = 'somebody'): Principal {
  return { kind: 'key', id, name: id, grants };
}

export const everybody = principal([{ tenant: '*', roles: ['reader'] }], 'reader-of-all');
export const resolver = principal([{ tenant: '*', roles: ['resolver'] }], 'resolver');

/** @param changes what a test has otherwise than nothing at all */
export function triageOn(
  journal: OpenJournal,
  changes: Partial<TriagePorts> = {},
): Triage & { readonly ask: Ask } {
  const names = new ResourceNames('00000000', []);
  const triage = openTriage({
    store: {
      run: (statement, values) => journal.database.run(statement, values) as never,
      audited: journal.audited as never,
    },
    recovery: {
      statuses: () => [],
      scan: () => Promise.reject(new Error('no')),
      selfTest: () => Promise.reject(new Error('no')),
    },
    pauses: { of: () => undefined },
    registered: () => [],
    clock: journal.clock,
    timers: systemTimers,
    ids: { next: () => newGtid() },
    troubled: () => undefined,
    written: () => Promise.resolve(),
    views: {
      transaction: (record) => transactionView(record, names),
      journal: journalView,
      resourceManager: () => {
        throw new Error('there is none');
      },
    },
    blocked: () => Promise.resolve({ items: [], missing: [] }),
    ...changes,
  });
  return { ...triage, ask: asking(triage.routes) };
}

export type Ask = (
  who: Principal,
  method: Route['method'],
  url: string,
  body?: unknown,
  signal?: AbortSignal,
) => Promise<OperatorAnswer>;

/** Asks the route that serves this URL, as the coordinator would. */
export function asking(routes: readonly Route[]): Ask {
  return (who, method, url, body, signal = new AbortController().signal) => {
    const { pathname, searchParams } = new URL(url, 'http://x/v1/operations/');
    for (const route of routes) {
      const params = paramsOf(route.path, pathname);
      if (route.method !== method || params === undefined) continue;
      const request: OperatorRequest = {
        principal: who,
        params,
        query: Object.fromEntries(searchParams),
        body,
        address: '127.0.0.1',
        requestId: 'r1',
        signal,
      };
      return route.answer(request);
    }
    throw new Error(`no route for ${method} ${pathname}`);
  };
}

function paramsOf(path: string, pathname: string): Record<string, string> | undefined {
  const [wanted, given] = [path.split('/'), pathname.split('/')];
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? '';
    if (part.startsWith(':')) params[part.slice(1)] = decodeURIComponent(value);
    else if (part !== value) return undefined;
  }
  return params;
}

/** The body of an answer, as `schema` has it: a view that says more or less fails. */
export function bodyOf<T>(answer: OperatorAnswer, schema: { parse(body: unknown): T }): T {
  if (!('body' in answer)) throw new Error(`no body with ${answer.status}`);
  return schema.parse(answer.body);
}
