// What makes a class a saga or a participant. Decorators only note what they are told: that it
// makes sense is found out when the application starts, of all classes at once (plans.ts).
//
//   @Saga({ name: 'checkout', database: 'orders' })
//   class Checkout {
//     @Step({ compensate: 'release' }) async reserve(order: Order): Promise<Reserved> { … }
//     async release(order: Order): Promise<void> { … }
//     @Step({ pivot: true }) async charge(order: Order): Promise<Charged> { … }
//   }
import type { Class, Kind, ParticipantOperation, StepOptions } from './marks.js';
import { markClass, markMethod } from './marks.js';
import type { OrderMethod, Parse, QuestionMethod } from './words.js';

export interface ParticipantClassOptions {
  /** By which it is known to the coordinator: 1 to 64 of A-Z a-z 0-9 _ . - */
  readonly name: string;
  /**
   * One of the module's databases: its barrier stands before every method, in the same local
   * transaction as what the method writes. Without one, methods may be called again, and late:
   * they must bear that themselves.
   */
  readonly database?: string;
  /** Makes the input of what came as JSON; `refused(reason)` if it is none. Absent: as it came. */
  readonly parse?: Parse;
}

/** Its steps are the methods with `@Step`, in the order in which they stand. */
export function Saga(options: ParticipantClassOptions) {
  return classDecorator('saga', options);
}

/** Needs one method each with `@Try`, `@Confirm` and `@Cancel`. */
export function TccParticipant(options: ParticipantClassOptions) {
  return classDecorator('tcc', options);
}

/** Needs a method with `@Prepare`; without a database, `@Commit` and `@Rollback` too. */
export function TwoPhaseParticipant(options: ParticipantClassOptions) {
  return classDecorator('2pc', options);
}

type Decorated<Method> = TypedPropertyDescriptor<Method>;

/** A step, and by which method of the same class it is undone. */
export function Step<const Compensate extends string = never>(
  options: StepOptions & { readonly compensate?: Compensate | 'nothing' } = {},
) {
  return <Method extends QuestionMethod>(
    target: { readonly [Name in Exclude<Compensate, 'nothing'>]: OrderMethod },
    key: string,
    _descriptor: Decorated<Method>,
  ): void => markMethod(target, { type: 'step', method: key, options });
}

export const Try = (): QuestionDecorator => operation('try');
export const Confirm = (): OrderDecorator => operation('confirm');
export const Cancel = (): OrderDecorator => operation('cancel');
export const Prepare = (): QuestionDecorator => operation('prepare');
export const Commit = (): OrderDecorator => operation('commit');
export const Rollback = (): OrderDecorator => operation('rollback');

type QuestionDecorator = <Method extends QuestionMethod>(
  target: object,
  key: string,
  descriptor: Decorated<Method>,
) => void;

type OrderDecorator = <Method extends OrderMethod>(
  target: object,
  key: string,
  descriptor: Decorated<Method>,
) => void;

function operation(name: ParticipantOperation) {
  return (target: object, key: string): void =>
    markMethod(target, { type: 'operation', method: key, operation: name });
}

function classDecorator(kind: Kind, options: ParticipantClassOptions) {
  const { name, database, parse } = options;
  return (type: Class): void => markClass(type, { kind, name, database, parse });
}
