// Which transactions are meant: the filters of the list, of a watch and of what is done in bulk.
import { outcomeSchema, phaseSchema, protocolSchema } from '@concordat/wire';
import { harms } from '@concordat/wire/operations';
import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import { past } from './times.js';

export interface Filters {
  readonly protocol?: string;
  readonly phase?: string;
  readonly outcome?: string;
  readonly harm?: string;
  readonly stuck?: boolean;
  readonly unfinished?: boolean;
  readonly paused?: boolean;
  readonly name?: string;
  readonly participant?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly begunAfter?: string;
  readonly begunBefore?: string;
  readonly cause?: string;
  readonly error?: string;
  readonly tenant?: string;
  readonly gtid?: string;
}

export function withFilters(command: Command): Command {
  return command
    .addOption(choice('--protocol <protocol>', 'its protocol', protocolSchema.options))
    .addOption(choice('--phase <phase>', 'where it is', phaseSchema.options))
    .addOption(choice('--outcome <outcome>', 'how it ended', outcomeSchema.options))
    .addOption(choice('--harm <harm>', 'what harm it does', harms))
    .option('--stuck', 'has failed so often that a person should know')
    .option('--unfinished', 'has not ended')
    .option('--paused', 'was paused by a person')
    .option('--name <name>', 'was begun under this name')
    .option('--participant <name>', 'has a branch there: its name, or its URL')
    .option('--metadata <key=value>', 'has this among its metadata; may be repeated', entry)
    .option('--begun-after <time>', 'RFC 3339, or so long ago: 90s, 15m, 6h, 2d', past)
    .option('--begun-before <time>', 'likewise', past)
    .option('--cause <fingerprint>', 'of a cause in the overview')
    .option('--error <text>', 'is unfinished, and its latest error has this in it')
    .option('--tenant <tenant>', 'belongs to it')
    .option('--gtid <beginning>', 'its id begins like this');
}

/** As the API takes them. */
export function queryOf({ metadata = {}, ...filters }: Filters): Record<string, string> {
  const { stuck, unfinished, paused, ...texts } = filters;
  const known: readonly (readonly [string, string | undefined])[] = [
    ...(['protocol', 'phase', 'outcome', 'harm', 'name', 'participant'] as const).map(
      (name) => [name, texts[name]] as const,
    ),
    ...(['begunAfter', 'begunBefore', 'cause', 'error', 'tenant', 'gtid'] as const).map(
      (name) => [name, texts[name]] as const,
    ),
    ...Object.entries({ stuck, unfinished, paused }).map(
      ([name, isSet]) => [name, isSet === true ? 'true' : undefined] as const,
    ),
    ...Object.entries(metadata).map(([key, value]) => [`metadata.${key}`, value] as const),
  ];
  const given = known.filter((pair): pair is readonly [string, string] => pair[1] !== undefined);
  return Object.fromEntries(given);
}

export function choice(flags: string, what: string, choices: readonly string[]): Option {
  return new Option(flags, what).choices(choices);
}

/** @throws InvalidArgumentError unless it is a whole number of at least `min` */
export function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const isWhole = /^\d{1,9}$/.test(text) && Number(text) >= min && Number(text) <= max;
    if (!isWhole) throw new InvalidArgumentError(`It must be a whole number, ${min} to ${max}.`);
    return Number(text);
  };
}

function entry(text: string, before: Readonly<Record<string, string>> = {}) {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It must be like order=42.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}
