// What the descriptions of routes are made of.
import type { ProblemKind } from '../http/problems.js';
import { PROBLEM_MEDIA_TYPE, problemKinds } from '../http/problems.js';

export interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly object[];
  readonly requestBody?: object;
  readonly responses: { readonly [status: string]: object };
  /** Absent: whatever the document says for all. */
  readonly security?: readonly object[];
}

export type Paths = { readonly [path: string]: { readonly [method: string]: Operation } };

export function answer(description: string, schema: string): object {
  const $ref = `#/components/schemas/${schema}`;
  return { description, content: { 'application/json': { schema: { $ref } } } };
}

export function body(schema: string): object {
  const $ref = `#/components/schemas/${schema}`;
  return { required: true, content: { 'application/json': { schema: { $ref } } } };
}

export function problem(description: string): object {
  const schema = { $ref: '#/components/schemas/Problem' };
  return { description, content: { [PROBLEM_MEDIA_TYPE]: { schema } } };
}

export function problems(...kinds: readonly ProblemKind[]): { readonly [status: string]: object } {
  return Object.fromEntries(
    kinds.map((kind) => [problemKinds[kind].status, problem(`${problemKinds[kind].title}.`)]),
  );
}
