// What a method of a participant is given and may say, and what follows from that for whoever
// begins a transaction with it: the types of its input and of its results.
import type { Refused } from '@concordat/participant-sdk';
import type { Json } from '@concordat/protocols';
import type { EntityManager } from 'typeorm';
import type { Class } from './marks.js';

/** What a method is told beside its input. */
export interface BranchContext {
  readonly gtid: string;
  readonly branch: string;
  /** What this branch's own forward method has returned, if that is known. */
  readonly result: Json | undefined;
  /** Saga: what the steps that this one comes after have returned. */
  readonly results: Readonly<Record<string, Json>>;
  /** W3C trace context of this call. */
  readonly traceparent: string;
  /** Of the local transaction that the barrier's row is in; undefined without a database. */
  readonly manager: EntityManager | undefined;
}

/** @returns the input, or a refusal if `payload` is not what the methods work with */
export type Parse = (payload: Json) => unknown;

/** May say no by `refused(reason)`; whatever else it returns is its result. */
export type QuestionMethod = (
  input: never,
  context: BranchContext,
) => Promise<Json | Refused | object | void>;

/** Is repeated until it does not throw and has not refused. */
export type OrderMethod = (input: never, context: BranchContext) => Promise<Refused | void>;

type Method<Input, Word> = (input: Input, context: BranchContext) => Promise<Word>;

/** What all public methods of a saga or a participant can be given. */
export type InputOf<Instance> = {
  [Key in keyof Instance]: Instance[Key] extends Method<infer Input, unknown>
    ? (input: Input) => void
    : never;
}[keyof Instance] extends (input: infer Input) => void
  ? Input
  : never;

type Said<Word> = Exclude<Awaited<Word>, Refused | void | undefined>;

type ResultOf<Member> = Member extends (...args: never) => Promise<infer Word> ? Said<Word> : never;

/** Of the public methods that return something, by their names: those of steps will be there. */
export type ResultsOf<Instance> = {
  readonly [
    Key in keyof Instance as [ResultOf<Instance[Key]>] extends [never] ? never : Key
  ]?: ResultOf<Instance[Key]>;
};

export type InstanceOf<Type> = Type extends Class<infer Instance> ? Instance : never;
