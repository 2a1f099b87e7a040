// What stands after `?` in the address: names and values, both text, each at most once.
import { useNavigate, useSearch } from '@tanstack/react-router';

/** Of one page. A name without a value is not there. */
export interface Flat {
  readonly [name: string]: string;
}

export function parseSearch(text: string): Flat {
  const entries = [...new URLSearchParams(text)].filter(([, value]) => value !== '');
  return Object.fromEntries(entries);
}

export function stringifySearch(search: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(validateFlat(search));
  const text = new URLSearchParams(entries).toString();
  return text === '' ? '' : `?${text}`;
}

export function validateFlat(search: Readonly<Record<string, unknown>>): Flat {
  const entries = Object.entries(search).filter(([, value]) => isText(value));
  return Object.fromEntries(entries) as Flat;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

export type Change = Readonly<Record<string, string | undefined>>;

/** The search of this page, and how to change a part of it; undefined takes a name away. */
export function useFlatSearch(): readonly [Flat, (change: Change, how?: 'replace') => void] {
  const search: Flat = useSearch({ strict: false });
  const navigate = useNavigate();
  const set = (change: Change, how?: 'replace'): void => {
    const next = validateFlat({ ...search, ...change });
    void navigate({ to: '.', search: () => next, replace: how === 'replace' });
  };
  return [search, set];
}
