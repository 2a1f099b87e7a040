// The operator API as a table of routes, in this process, on a journal of its own and with
// participants that a test scripts: what people do, without a server between.
import type { Principal } from '@concordat/access';
import type { AuditLine } from '@concordat/engine';
import { systemTimers } from '@concordat/engine';
import { openJournal } from '@concordat/journal';
import type { OperationsPorts, OperatorAnswer, Store } from '@concordat/operations';
import { openOperations, Pauses } from '@concordat/operations';
import type { Grant } from '@concordat/wire/operations';
import { randomUUID } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { onTestFinished } from 'vitest';
import type { Instance, Script } from '../engine/engines.js';
import { instanceOn } from '../engine/engines.js';

export interface Desk extends Instance {
  /** @throws Refusal */
  readonly post: (by: Principal, path: string, params: Params, body: object) => Answer;
}

type Params = Readonly<Record<string, string>>;
type Answer = Promise<OperatorAnswer>;

export function person(name: string, ...grants: readonly Grant[]): Principal {
  return { kind: 'key', id: `id of ${name}`, name, grants };
}

/** @param before is told of each line before it is written, with what was done */
export async function openDesk(
  databaseUrl: string,
  script: Script,
  before: (line: AuditLine) => Promise<void> = () => Promise.resolve(),
): Promise<Desk> {
  const instance = await instanceOn(databaseUrl, script);
  const journal = await openJournal({ databaseUrl, owner: `desk-${randomUUID()}` });
  onTestFinished(() => journal.close());
  const { database, audited, clock, reader } = journal;
  const store: Store = {
    run: (statement, values) => database.run(statement, values),
    audited: async (line, work) => {
      await before(line);
      return audited(line, (run) => work(run));
    },
  };
  const { troubles, engine } = instance;
  const troubled = (_where: string, error: unknown): void => void troubles.push(error);
  const none = () => Promise.resolve(undefined);
  const ports: OperationsPorts = {
    engine,
    store,
    recovery: { statuses: () => [], scan: none, selfTest: none },
    resourceManagers: [],
    participants: { ask: () => Promise.reject(new Error('the engine asks')) },
    pauses: new Pauses({ run: store.run, timers: systemTimers, troubled }),
    forgottenBefore: () => reader.forgottenBefore(),
    views: {} as OperationsPorts['views'], // what is shown is not asked for here
    registered: () => [],
    cluster: 'c0ffee00',
    clock,
    timers: systemTimers,
    ids: { next: () => uuidv7() },
    troubled,
  };
  const { routes } = openOperations(ports);
  return {
    ...instance,
    post: async (principal, path, params, body) => {
      const route = routes.find((one) => one.method === 'POST' && one.path === path);
      if (route === undefined) throw new Error(`there is no route ${path}`);
      const where = { address: '127.0.0.1', requestId: uuidv7(), query: {} };
      const { signal } = new AbortController();
      return route.answer({ principal, params, body, ...where, signal });
    },
  };
}
