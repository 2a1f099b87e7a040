// A partition holds one day, by UTC: a range of gtids. Both tables have the same days.
//
// A partition is made as a table of its own and then attached, because `create … partition of`
// would lock out every append of the moment; `attach` locks the empty table and the default
// partition only.
import type { Instant } from '@concordat/protocols';
import { lowestIdAt } from './gtid.js';

export const PARTITIONED = ['ended_transaction', 'journal'] as const;

const DAY_MS = 86_400_000;
const DAY_OF_PARTITION = /^journal_(\d{4})(\d{2})(\d{2})$/;

export interface Day {
  /** As in `journal_20261120`. */
  readonly suffix: string;
  readonly startsAt: Instant;
  readonly endsAt: Instant;
  readonly lowestId: string;
  /** The lowest id of the day after. */
  readonly endId: string;
}

/** @param offset in days, from the day of `instant` */
export function dayOf(instant: Instant, offset = 0): Day {
  const startsAt = (Math.floor(instant / DAY_MS) + offset) * DAY_MS;
  const endsAt = startsAt + DAY_MS;
  return {
    suffix: new Date(startsAt).toISOString().slice(0, 10).replaceAll('-', ''),
    startsAt: startsAt as Instant,
    endsAt: endsAt as Instant,
    lowestId: lowestIdAt(startsAt),
    endId: lowestIdAt(endsAt),
  };
}

/** The day of a partition of `journal`; undefined for the default partition. */
export function dayOfPartition(name: string): Day | undefined {
  const [, year, month, day] = DAY_OF_PARTITION.exec(name) ?? [];
  if (year === undefined || month === undefined || day === undefined) return undefined;
  return dayOf(Date.UTC(Number(year), Number(month) - 1, Number(day)) as Instant);
}

/** The statements that make the partitions of `day`. */
export function creationOf({ suffix, lowestId, endId }: Day): readonly string[] {
  return PARTITIONED.flatMap((table) => [
    `create table concordat.${table}_${suffix} (like concordat.${table} including defaults)`,
    `alter table concordat.${table} attach partition concordat.${table}_${suffix}
       for values from ('${lowestId}') to ('${endId}')`,
  ]);
}

/** The statement that forgets `day`. */
export function removalOf({ suffix }: Day): string {
  return `drop table ${PARTITIONED.map((table) => `concordat.${table}_${suffix}`).join(', ')}`;
}
