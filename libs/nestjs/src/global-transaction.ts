// A method that is one global transaction.
//
//   @GlobalTransaction({ protocol: '2pc' })
//   async transfer(from: string, to: string, cents: number): Promise<void> { … }
//
// G1. Nest puts the application's own Concordat into the instance: so several applications in one
//     process, and request-scoped instances, each have theirs.
// G2. Whatever other decorators have noted of the method stays noted, above this one and below.
import 'reflect-metadata';
import { Inject } from '@nestjs/common';
import { Misused } from '@concordat/embedded';
import { Concordat } from './concordat.js';
import { markMethod } from './marks.js';

export interface GlobalTransactionMethodOptions {
  /** The one that the databases of an application speak. */
  readonly protocol: '2pc';
  /** For people; `Class.method` unless said. */
  readonly name?: string;
  /** How long the method may take until it must have been voted on. */
  readonly deadlineMs?: number;
}

const HELD = Symbol('Concordat');

interface Holder {
  readonly [HELD]?: Concordat;
}

/**
 * What the method writes, in however many of the module's databases, is committed together or not
 * at all; called within another global transaction, it is part of that. It rejects with what the
 * method throws, after rolling back, and with RolledBack, InDoubt or HeuristicEnd.
 */
export function GlobalTransaction({ name, deadlineMs }: GlobalTransactionMethodOptions) {
  return <Method extends (...args: never) => Promise<unknown>>(
    target: object,
    key: string,
    descriptor: TypedPropertyDescriptor<Method>,
  ): void => {
    const method = descriptor.value;
    if (method === undefined) throw new Misused(`@GlobalTransaction: ${key} is no method`);
    if (typeof target !== 'function') Inject(Concordat)(target, HELD); // G1; no static method
    markMethod(target, { type: 'global-transaction', method: key });
    const called = name ?? `${target.constructor.name}.${key}`;
    const options = { name: called, ...(deadlineMs === undefined ? {} : { deadlineMs }) };
    const wrapped = function (this: Holder, ...args: never): Promise<unknown> {
      const { [HELD]: concordat } = this;
      if (concordat === undefined) return Promise.reject(notMadeByNest(called));
      return concordat.transaction(() => method.apply(this, args), options);
    };
    for (const noted of Reflect.getMetadataKeys(method)) {
      Reflect.defineMetadata(noted, Reflect.getMetadata(noted, method), wrapped); // G2
    }
    Object.defineProperty(wrapped, 'name', { value: key, configurable: true });
    descriptor.value = wrapped as unknown as Method;
  };
}

function notMadeByNest(method: string): Misused {
  return new Misused(`${method} needs Nest to make its instance: it has no Concordat`);
}
