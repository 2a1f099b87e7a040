// The query runners through which the application speaks to a branch: TypeORM's own, but for what
// would reach past the branch to its connection.
//
//   TypeORM's class of runners ◀── one prototype for all that are lent ◀── a runner, for one branch
//
// L6. What the application may do with a runner is TypeORM's; where its statements go is the
//     branch's. There is one prototype a class, made once: to redefine a dozen properties on each
//     runner cost more than the statement that it was lent for.
import type { DataSource, QueryRunner } from 'typeorm';

/** What a lent runner asks of its branch. `by` is the runner itself. */
export interface Lender {
  /** TypeORM's own, underneath. */
  readonly base: QueryRunner;
  readonly dataSource: DataSource;
  connection(): Promise<unknown>;
  query(by: QueryRunner, args: readonly unknown[]): Promise<unknown>;
  stream(by: QueryRunner, args: readonly unknown[]): Promise<unknown>;
  startInner(by: QueryRunner, isolation: unknown): Promise<void>;
  commitInner(by: QueryRunner): Promise<void>;
  rollBackInner(by: QueryRunner): Promise<void>;
  disposeOf(by: QueryRunner): Promise<void>;
}

const LENDER = Symbol('lender');
const MANAGER = Symbol('manager');

type Lent = QueryRunner & { [LENDER]: Lender; [MANAGER]: unknown };

/** What a lent runner has of its branch, and not of TypeORM's runner. */
const overridden: PropertyDescriptorMap & ThisType<Lent> = {
  connect: method(function (this: Lent) {
    return this[LENDER].connection();
  }),
  query: method(function (this: Lent, ...args: readonly unknown[]) {
    return this[LENDER].query(this, args);
  }),
  stream: method(function (this: Lent, ...args: readonly unknown[]) {
    return this[LENDER].stream(this, args);
  }),
  release: method(() => Promise.resolve()),
  startTransaction: method(function (this: Lent, isolation?: unknown) {
    return this[LENDER].startInner(this, isolation);
  }),
  commitTransaction: method(function (this: Lent) {
    return this[LENDER].commitInner(this);
  }),
  rollbackTransaction: method(function (this: Lent) {
    return this[LENDER].rollBackInner(this);
  }),
  [Symbol.asyncDispose]: method(function (this: Lent) {
    return this[LENDER].disposeOf(this);
  }),
  isTransactionActive: { get: () => true, set: () => undefined, configurable: true },
  isReleased: {
    get(this: Lent) {
      return this[LENDER].base.isReleased;
    },
    set: () => undefined,
    configurable: true,
  },
  manager: {
    get(this: Lent) {
      return (this[MANAGER] ??= this[LENDER].dataSource.createEntityManager(this));
    },
    set(this: Lent, made: unknown) {
      this[MANAGER] = made; // by itself, as it is made
    },
    configurable: true,
  },
};

const prototypes = new WeakMap<object, object>();

/** One more runner of `lender` for the application. */
export function lend(lender: Lender): QueryRunner {
  const { base } = lender;
  const runner = Object.create(prototypeFor(base)) as Lent & Record<string, unknown>;
  runner[LENDER] = lender;
  runner[MANAGER] = undefined;
  for (const [name, value] of Object.entries(base)) {
    if (!(name in overridden)) runner[name] = value;
  }
  return Object.assign(runner, { broadcaster: broadcasterOf(runner) });
}

function broadcasterOf(runner: QueryRunner): object {
  const own = Object.getPrototypeOf(runner.broadcaster) as object;
  return Object.assign(Object.create(own) as object, { queryRunner: runner });
}

function prototypeFor(base: QueryRunner): object {
  const own = Object.getPrototypeOf(base) as object;
  const known = prototypes.get(own);
  if (known !== undefined) return known;
  const made = Object.create(own, overridden) as object;
  prototypes.set(own, made);
  return made;
}

function method(value: (...args: never) => unknown): PropertyDescriptor {
  return { value, writable: true, configurable: true };
}
