// What a handler writes through: the session that its transaction is in, watched while it runs.
//
//   handler ──▶ facade (promises) ──▶ watched core (callbacks) ──▶ core ──▶ server
//
// H1. A statement that fails spoils the transaction, whoever catches the error. To the server it
//     need not: a lock that was waited for too long undoes its statement only, and what is left,
//     half of the work, could be committed. So the first failure is kept, and asked for (D9).
// H2. The session goes on after the handler: to the end of its transaction, and then to others. A
//     statement that a handler has forgotten to wait for must not turn up there.
// H3. What would leave the session, or change whose it is, is not the handler's to do. Statements
//     that end the transaction cannot be told by their text; they are found out afterwards (D7).
import type { EventEmitter } from 'node:events';
import { errorMonitor } from 'node:events';
import type { PoolConnection } from 'mysql2/promise';

export interface Lent {
  readonly tx: PoolConnection;
  /** How many statements were sent. */
  readonly statements: () => number;
  /** The first error of a statement, whether or not the handler knows of it (H1). */
  readonly failure: () => unknown;
  /** From here on every statement is refused (H2). */
  readonly end: () => void;
}

/** The part of mysql2's connection with callbacks that a promise connection is made of. */
interface Core {
  query(...args: readonly unknown[]): EventEmitter | undefined;
  execute(...args: readonly unknown[]): EventEmitter | undefined;
}

/** H3. `prepare` is among them because its statements would go past the watch: use `execute`. */
const NOT_TO_BE_LENT: ReadonlySet<PropertyKey> = new Set([
  'changeUser',
  'close',
  'destroy',
  'end',
  'pause',
  'prepare',
  'release',
  'reset',
]);

export function lentOf(session: PoolConnection): Lent {
  let failure: unknown;
  let statements = 0;
  let over = false;
  const note = (error: unknown): void => {
    failure ??= error;
  };
  const core = session.connection as unknown as Core;
  const send = (name: 'query' | 'execute', args: readonly unknown[]): unknown => {
    if (over) throw new Error('the transaction of this handler is over');
    statements += 1;
    const command = core[name](...heardBy(note, args));
    command?.on(errorMonitor, note);
    return command;
  };
  const watched = new Proxy(core, {
    get(target, key): unknown {
      if (key === 'query' || key === 'execute') return (...args: unknown[]) => send(key, args);
      if (NOT_TO_BE_LENT.has(key)) return () => refuse(key);
      return Reflect.get(target, key);
    },
  });
  return {
    // Its methods are those of `session`, and reach the server through its own `connection`.
    tx: Object.create(session, { connection: { value: watched } }) as PoolConnection,
    statements: () => statements,
    failure: () => failure,
    end: () => {
      over = true;
    },
  };
}

/** The same arguments, with a callback that tells `note` of an error first. */
function heardBy(note: (error: unknown) => void, args: readonly unknown[]): readonly unknown[] {
  const callback = args.at(-1);
  if (typeof callback !== 'function') return args;
  const heard = (error: unknown, ...more: readonly unknown[]): void => {
    if (error !== null && error !== undefined) note(error);
    Reflect.apply(callback, undefined, [error, ...more]);
  };
  return [...args.slice(0, -1), heard];
}

function refuse(key: PropertyKey): never {
  throw new Error(`a handler may not ${String(key)} the connection that it is lent`);
}
