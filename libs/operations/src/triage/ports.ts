// What the pages before a single transaction need of the world, and that of a single one.
import type { Status } from '@concordat/recovery';
import type { JournalLine } from '@concordat/engine';
import type { Instant } from '@concordat/protocols';
import type { JournalView, ResourceManagerView, TransactionView } from '@concordat/wire';
import type { OverviewView } from '@concordat/wire/operations';
import type { OperationsPorts, TransactionRecord } from '../ports.js';

export interface WrittenLine {
  readonly version: number;
  readonly at: Instant;
  readonly line: JournalLine;
}

/** Sessions that wait for prepared branches, in all resource managers. */
export interface BlockedSessions {
  readonly items: OverviewView['blocked'];
  readonly missing: OverviewView['missing'];
}

/** The representations that the public API has too: one place makes them. */
export interface Views {
  readonly transaction: (record: TransactionRecord) => TransactionView;
  readonly journal: (gtid: string, lines: readonly WrittenLine[]) => JournalView;
  readonly resourceManager: (status: Status) => ResourceManagerView;
}

export interface TriagePorts extends Pick<
  OperationsPorts,
  'store' | 'recovery' | 'registered' | 'clock' | 'timers' | 'ids' | 'troubled'
> {
  readonly pauses: Pick<OperationsPorts['pauses'], 'of'>;
  /** Resolves when everything that this instance has told anybody is in the journal. */
  readonly written: () => Promise<void>;
  readonly views: Views;
  /** Never rejects: what could not be asked is `missing`. Cheap enough to be asked each second. */
  readonly blocked: () => Promise<BlockedSessions>;
}
