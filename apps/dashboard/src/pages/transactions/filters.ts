// Every filter that GET …/operations/transactions knows. What is set is in the address of the page,
// under the same names, so that a list can be shared, saved, and acted upon.
import { phaseNames } from '../../components/phases.js';
import { harms, harmWords, outcomes, outcomeWords, protocols } from '../../components/words.js';
import type { Flat } from '../../app/search.js';

interface FilterOf<K extends string> {
  readonly kind: K;
  readonly name: string;
  readonly label: string;
  /** Always in sight; the others are behind “More filters”. */
  readonly isFirst?: true;
}
export interface Choice {
  readonly value: string;
  readonly label: string;
}
export interface ChoiceFilter extends FilterOf<'choice'> {
  readonly choices: readonly Choice[];
}
export interface TextFilter extends FilterOf<'text'> {
  readonly placeholder: string;
}
export type TimeFilter = FilterOf<'time'>;
export type Filter = ChoiceFilter | TextFilter | TimeFilter;

const plainly = (value: string): Choice => ({ value, label: value.replaceAll('-', ' ') });
const yesOrNo: readonly Choice[] = [
  { value: 'true', label: 'yes' },
  { value: 'false', label: 'no' },
];

export const filters: readonly Filter[] = [
  {
    kind: 'choice',
    name: 'harm',
    label: 'Harm',
    choices: harms.map((value) => ({ value, label: harmWords[value].label })),
    isFirst: true,
  },
  {
    kind: 'choice',
    name: 'protocol',
    label: 'Protocol',
    choices: protocols.map((value) => ({ value, label: value })),
    isFirst: true,
  },
  { kind: 'text', name: 'participant', label: 'Participant', placeholder: 'bank', isFirst: true },
  {
    kind: 'text',
    name: 'error',
    label: 'Error of what is unfinished contains',
    placeholder: 'ECONNREFUSED',
    isFirst: true,
  },
  { kind: 'text', name: 'name', label: 'Name', placeholder: 'transfer', isFirst: true },
  { kind: 'choice', name: 'phase', label: 'Phase', choices: phaseNames.map(plainly) },
  {
    kind: 'choice',
    name: 'outcome',
    label: 'Outcome',
    choices: outcomes.map((value) => ({ value, label: outcomeWords[value].label })),
  },
  { kind: 'choice', name: 'stuck', label: 'Stuck', choices: yesOrNo },
  { kind: 'choice', name: 'paused', label: 'Paused', choices: yesOrNo },
  { kind: 'choice', name: 'unfinished', label: 'Unfinished', choices: yesOrNo },
  { kind: 'text', name: 'tenant', label: 'Tenant', placeholder: 'default' },
  { kind: 'text', name: 'gtid', label: 'Id begins with', placeholder: '01939f6c' },
  { kind: 'text', name: 'cause', label: 'Cause', placeholder: 'fingerprint' },
  { kind: 'time', name: 'begunAfter', label: 'Begun after' },
  { kind: 'time', name: 'begunBefore', label: 'Begun before' },
];

const METADATA = 'metadata.';
/** Where a page begins, and how long it is: no filters. */
const PAGING = new Set(['cursor', 'limit']);

/** What is asked for, without where the page begins. */
export function filterOf(search: Flat): Flat {
  return Object.fromEntries(Object.entries(search).filter(([name]) => !PAGING.has(name)));
}

/** How many of those that are not always in sight are set. */
export function hiddenCount(search: Flat): number {
  const first = new Set(filters.filter(({ isFirst }) => isFirst).map(({ name }) => name));
  return Object.keys(filterOf(search)).filter((name) => !first.has(name)).length;
}

/** A filter that is set, in words: `harm is blocking`. */
export function inWords(name: string, value: string): string {
  if (name.startsWith(METADATA)) return `metadata ${name.slice(METADATA.length)} is ${value}`;
  const filter = filters.find((one) => one.name === name);
  if (filter === undefined) return `${name} is ${value}`;
  if (filter.kind !== 'choice') return `${filter.label.toLowerCase()} ${value}`;
  return `${filter.label.toLowerCase()}: ${choiceInWords(filter, value)}`;
}

/** Of some filters several values can be asked for, with commas between them. */
export function choiceInWords({ choices }: ChoiceFilter, value: string): string {
  const label = (one: string): string =>
    choices.find((choice) => choice.value === one)?.label ?? one;
  return value.split(',').map(label).join(' or ');
}

/** `order=42` becomes the filter `metadata.order` of `42`; undefined if it is neither. */
export function metadataFilter(text: string): readonly [string, string] | undefined {
  const [, key = '', value = ''] = /^\s*([^=]+?)\s*=\s*(.+?)\s*$/.exec(text) ?? [];
  return key === '' || value === '' ? undefined : [`${METADATA}${key}`, value];
}
