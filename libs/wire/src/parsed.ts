// What parsing gives: a value of ours, or every field that is wrong with the reason.
// No other file knows how zod speaks of errors.
//
// P1. A pointer is an RFC 6901 JSON pointer into the body. For a query or a header it is the name
//     with a slash before it.
// P2. The list of errors is bounded: an answer must not outgrow the request that it is about.
import type { z } from 'zod';

export interface FieldError {
  readonly pointer: string;
  readonly message: string;
}

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly errors: readonly FieldError[] };

export type Path = readonly PropertyKey[];

const ERRORS_MAX = 100;

export function parsed<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

export function malformed(errors: readonly FieldError[]): Parsed<never> {
  return { ok: false, errors: errors.slice(0, ERRORS_MAX) }; // P2
}

export function errorsOf(result: Parsed<unknown>): readonly FieldError[] {
  return result.ok ? [] : result.errors;
}

export function fieldError(path: Path, message: string): FieldError {
  return { pointer: pointerOf(path), message };
}

/** P1. */
export function pointerOf(path: Path): string {
  return path
    .map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
}

/** @param at where `input` stands in what the reader of the errors has sent */
export function parseWith<T>(schema: z.ZodType<T>, input: unknown, at: Path = []): Parsed<T> {
  const result = schema.safeParse(input, { error: missing });
  if (result.success) return parsed(result.data);
  return malformed(result.error.issues.flatMap((issue) => fieldErrorsOf(issue, at)));
}

function missing(issue: { readonly input?: unknown; readonly code: string }): string | undefined {
  return issue.code === 'invalid_type' && issue.input === undefined ? 'is required' : undefined;
}

function fieldErrorsOf(issue: z.core.$ZodIssue, at: Path): readonly FieldError[] {
  const path = [...at, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys
      .slice(0, ERRORS_MAX)
      .map((key) => fieldError([...path, key], 'is not a known field'));
  }
  if (issue.code === 'invalid_union') {
    const closest = issue.errors.find((alternative) => !isOfAnotherType(alternative));
    if (closest !== undefined) return closest.flatMap((inner) => fieldErrorsOf(inner, path));
  }
  return [fieldError(path, issue.message)];
}

/** An alternative of a union that the input was not even meant for. */
function isOfAnotherType(issues: readonly z.core.$ZodIssue[]): boolean {
  return issues.some((issue) => issue.code === 'invalid_type' && issue.path.length === 0);
}
