// What a person has filled in beside the reason, and what becomes of it in the request; undefined
// as long as it does not do.
import type { ForceRequest, ResolveRequest } from '@concordat/wire/operations';

export interface Filled {
  readonly as: ResolveRequest['as'] | undefined;
  /** JSON; empty: none. */
  readonly result: string;
  readonly unconfirmed: boolean;
  readonly outcome: ForceRequest['outcome'] | undefined;
  /** JSON. */
  readonly payload: string;
}

export const NOTHING_FILLED: Filled = {
  as: undefined,
  result: '',
  unconfirmed: false,
  outcome: undefined,
  payload: '',
};

type More = Readonly<Record<string, unknown>> | undefined;

export function resolved({ as, result, unconfirmed }: Filled): More {
  if (as === undefined) return undefined;
  if (result.trim() === '') return { as, unconfirmed };
  const parsed = parsedJson(result);
  return parsed === undefined ? undefined : { as, unconfirmed, result: parsed.value };
}

export function forced({ outcome }: Filled): More {
  return outcome === undefined ? undefined : { outcome };
}

export function amended({ payload }: Filled): More {
  const parsed = parsedJson(payload);
  return parsed === undefined ? undefined : { payload: parsed.value };
}

/** Undefined if it is not JSON. */
export function parsedJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
