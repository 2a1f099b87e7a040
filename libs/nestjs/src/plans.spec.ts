// What is wrong with an application's classes: all of it at once, each with what to add.
import { describe, expect, test } from 'vitest';
import { Step } from './decorators.js';
import { GlobalTransaction } from './global-transaction.js';
import type { ClassMark, Declared, MethodMark, StepOptions } from './marks.js';
import { declaredBy } from './marks.js';
import type { Surroundings } from './plans.js';
import { planned } from './plans.js';

const SURROUNDINGS: Surroundings = {
  mode: 'embedded',
  databases: new Set(['orders']),
  taken: new Set(['mail']),
  propagates: false,
};

interface Said {
  readonly className?: string;
  readonly name?: string;
  readonly database?: string;
  readonly methods?: readonly string[];
}

function declared(
  kind: ClassMark['kind'] | undefined,
  marks: readonly MethodMark[],
  { className = 'Checkout', name = 'checkout', database, methods = [] }: Said = {},
): Declared {
  const type = { [className]: class {} }[className] as Declared['type'];
  const mark = { name, database, parse: undefined };
  return {
    type,
    classMarks: kind === undefined ? [] : [{ ...mark, kind }],
    methodMarks: marks,
    staticMethods: [],
    hasMethod: (one) => methods.includes(one) || marks.some(({ method }) => method === one),
  };
}

const step = (method: string, options: StepOptions = {}): MethodMark => ({
  type: 'step',
  method,
  options,
});
const operation = (
  name: Extract<MethodMark, { type: 'operation' }>['operation'],
  method: string = name,
): MethodMark => ({ type: 'operation', method, operation: name });
const guarded: MethodMark = { type: 'global-transaction', method: 'transfer' };

const nothing = { compensate: 'nothing' } as const;
const sound = [step('reserve', { compensate: 'release' }), step('charge', { pivot: true })];
const released: Said = { methods: ['release'] };

function faultsOf(classes: readonly Declared[], more: Partial<Surroundings> = {}) {
  return planned(classes, { ...SURROUNDINGS, ...more }).faults;
}

describe('a saga without a fault', () => {
  test('is a plan of steps, one after the other unless said', () => {
    const steps = [
      step('reserve', { compensate: 'release' }),
      step('greet', { ...nothing, after: [] }),
      step('charge', { pivot: true, after: ['reserve', 'greet'], timeoutMs: 500 }),
      step('ship'),
    ];
    const { plans, faults } = planned([declared('saga', steps, released)], SURROUNDINGS);
    expect(faults).toEqual([]);
    const common = { pivot: false, timeoutMs: undefined, retry: undefined, compensate: undefined };
    expect(plans).toMatchObject([
      {
        kind: 'saga',
        name: 'checkout',
        steps: [
          {
            ...common,
            id: 'reserve',
            participant: 'checkout.reserve',
            dependsOn: [],
            compensate: 'release',
          },
          { ...common, id: 'greet', dependsOn: [] },
          {
            ...common,
            id: 'charge',
            dependsOn: ['reserve', 'greet'],
            pivot: true,
            timeoutMs: 500,
          },
          { ...common, id: 'ship', dependsOn: ['charge'] },
        ],
      },
    ]);
  });
});

describe('a fault of a saga', () => {
  test.each<[string, readonly MethodMark[], string]>([
    ['no step', [], ': has no step'],
    ['a step that nothing undoes', [step('a')], '.a: may have to be undone: add compensate'],
    [
      'the same before a pivot',
      [step('a'), step('b', { pivot: true })],
      '.a: may have to be undone',
    ],
    [
      'the same beside a pivot',
      [step('b', { pivot: true }), step('a', { after: [] })],
      '.a: may have to be undone',
    ],
    ['a compensation that is not there', [step('a', { compensate: 'undo' })], '.a: is compensated'],
    [
      'a compensation that never comes',
      [step('a', { pivot: true }), step('b', { compensate: 'a' })],
      '.b: is never undone',
    ],
    [
      'two pivots',
      [step('a', { pivot: true }), step('b', { pivot: true })],
      ': has 2 pivots, a, b: leave one',
    ],
    [
      'a step after one that is not there',
      [step('a', { ...nothing, after: ['z'] })],
      '.a: comes after "z", which is no step: it has a',
    ],
    [
      'a circle',
      [step('a', { ...nothing, after: ['b'] }), step('b', nothing)],
      ': a, b wait for each other',
    ],
    ['a step after itself', [step('a', { ...nothing, after: ['a'] })], ': a wait for each other'],
    ['a step that undoes itself', [step('a', { compensate: 'a' })], '.a: is compensated by itself'],
    [
      'a time that no coordinator would wait',
      [step('a', { ...nothing, timeoutMs: 0 })],
      '.a: timeoutMs: Too small',
    ],
    [
      'a delay before the second attempt that is longer than the longest',
      [step('a', { ...nothing, retry: { firstDelayMs: 9, delayMaxMs: 1 } })],
      '.a: retry.firstDelayMs: must not be longer',
    ],
    [
      'more steps than a transaction may have',
      Array.from({ length: 101 }, (_, at) => step(`a${at}`, nothing)),
      ': steps must be at most 100 branches',
    ],
    ['a step twice', [step('a', nothing), step('a', nothing)], '.a: is a step twice'],
    ['a step with a bad name', [step('$a', nothing)], '.$a: "checkout.$a" is no name'],
    [
      "another protocol's method",
      [step('a', nothing), operation('try')],
      '.try: a saga has only steps',
    ],
  ])('is %s', (_, marks, fault) => {
    expect(faultsOf([declared('saga', marks, released)])).toContainEqual(
      expect.stringContaining(`Checkout${fault}`),
    );
  });

  test.each<[string, Said, string]>([
    ['a name out of pattern', { name: 'check out' }, ': "check out" is no name'],
    ['an unknown database', { database: 'stock' }, ': add the database "stock"'],
  ])('is %s', (_, said, fault) => {
    const faults = faultsOf([declared('saga', sound, { ...released, ...said })]);
    expect(faults).toEqual([expect.stringContaining(`Checkout${fault}`)]);
  });
});

describe('a fault of a participant', () => {
  const tcc = [operation('try'), operation('confirm'), operation('cancel')];
  const twoPhase = [operation('prepare'), operation('commit'), operation('rollback')];

  test.each<[string, 'tcc' | '2pc', readonly MethodMark[], Said, string]>([
    ['no @Confirm', 'tcc', [operation('try'), operation('cancel')], {}, ': has no method with @C'],
    ['a second @Try', 'tcc', [...tcc, operation('try', 'again')], {}, '.again: is a second @Try'],
    ['a step', 'tcc', [...tcc, step('a')], {}, '.a: only a saga has steps'],
    ["another protocol's method", 'tcc', [...tcc, operation('prepare')], {}, '.prepare: @Prepare'],
    [
      'a method with two decorators',
      'tcc',
      [operation('try'), operation('confirm', 'end'), operation('cancel', 'end')],
      {},
      '.end: has two decorators',
    ],
    ['no @Commit without a database', '2pc', [operation('prepare')], {}, ': has no method with @C'],
    ['a @Commit with one', '2pc', twoPhase, { database: 'orders' }, '.commit: the database does'],
  ])('is %s', (_, kind, marks, said, fault) => {
    expect(faultsOf([declared(kind, marks, said)])).toContainEqual(
      expect.stringContaining(`Checkout${fault}`),
    );
  });

  test('is none of these, with all that its protocol needs', () => {
    const classes = [
      declared('tcc', tcc, { name: 'seats' }),
      declared('2pc', twoPhase, { name: 'ledger' }),
      declared('2pc', [operation('prepare')], { name: 'stock', database: 'orders' }),
    ];
    expect(faultsOf(classes)).toEqual([]);
  });

  test('is a method whose class is nothing', () => {
    expect(faultsOf([declared(undefined, tcc)])).toHaveLength(3);
  });

  test('is a class that is two things', () => {
    const { classMarks } = declared('tcc', []);
    const both = { ...declared('saga', sound, released), classMarks };
    const two = { ...both, classMarks: [...classMarks, ...classMarks] };
    expect(faultsOf([two])).toContainEqual(expect.stringContaining('two things at once'));
  });
});

describe('names', () => {
  const saga = (className: string, name: string) =>
    declared('saga', sound, { ...released, className, name });
  const tcc = (className: string, name: string) =>
    declared('tcc', [operation('try'), operation('confirm'), operation('cancel')], {
      className,
      name,
    });

  test.each<[string, readonly Declared[], string]>([
    ['of two sagas', [saga('A', 'x'), saga('B', 'x')], 'A and B: are all called "x"'],
    ['of two participants', [tcc('A', 'x'), tcc('B', 'x')], 'A and B: are all called "x"'],
    [
      'of a step and a participant',
      [saga('A', 'x'), tcc('B', 'x.charge')],
      'A and B: are all called "x.charge"',
    ],
    ['of one that is registered otherwise', [tcc('A', 'mail')], 'A: "mail" is registered'],
    ['of a database', [tcc('A', 'orders')], 'A: "orders" is registered otherwise too'],
  ])('%s must differ', (_, classes, fault) => {
    expect(faultsOf(classes)).toEqual([expect.stringContaining(fault)]);
  });

  test('of a saga and a participant may be the same', () => {
    expect(faultsOf([saga('A', 'x'), tcc('B', 'x')])).toEqual([]);
  });
});

describe('@GlobalTransaction', () => {
  test.each<[Surroundings['mode'], Partial<Surroundings>, number]>([
    ['embedded', {}, 0],
    ['embedded', { databases: new Set() }, 1],
    ['client', {}, 1],
    ['client', { propagates: true }, 0],
  ])('must reach something (%s, %j)', (mode, more, count) => {
    expect(faultsOf([declared(undefined, [guarded])], { mode, ...more })).toHaveLength(count);
  });
});

describe('a decorator at the wrong place', () => {
  const guardedSteps = [...sound, { type: 'global-transaction', method: 'reserve' } as const];

  test('is @GlobalTransaction in the local transaction of a barrier', () => {
    const inside = declared('saga', guardedSteps, { ...released, database: 'orders' });
    expect(faultsOf([inside])).toEqual([
      'Checkout.reserve: is in a local transaction of "orders" already: drop @GlobalTransaction, ' +
        'or the database of the class',
    ]);
    expect(faultsOf([declared('saga', guardedSteps, released)])).toEqual([]);
  });

  test('is the same on what compensates', () => {
    const marks = [...sound, { type: 'global-transaction', method: 'release' } as const];
    const inside = declared('saga', marks, { ...released, database: 'orders' });
    expect(faultsOf([inside])).toEqual([
      expect.stringContaining('Checkout.release: is in a local'),
    ]);
  });

  test('is any on a static method', () => {
    class Booking {
      @Step({ compensate: 'nothing' })
      static async reserve(): Promise<void> {}

      @GlobalTransaction({ protocol: '2pc' })
      static async transfer(): Promise<void> {}
    }
    const found = declaredBy(Booking);
    expect(found && faultsOf([found])).toEqual(
      ['reserve', 'transfer'].map(
        (method) =>
          `Booking.${method}: is static, and no instance has it: drop static, or the decorator`,
      ),
    );
  });

  test('is @GlobalTransaction on what gives no promise, for the compiler', () => {
    class Sums {
      // @ts-expect-error nobody could wait for its commit
      @GlobalTransaction({ protocol: '2pc' })
      add(): number {
        return 2;
      }
    }
    expect(declaredBy(Sums)?.methodMarks).toHaveLength(1);
  });
});

test('all faults of all classes are told at once', () => {
  const classes = [declared('saga', []), declared('tcc', [], { className: 'Seats', name: 's' })];
  expect(faultsOf(classes)).toHaveLength(4);
});
