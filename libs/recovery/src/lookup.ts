// Asks the journal what it knows of prepared branches.
//
// L1. If it cannot be read once, the rest is not asked, and nothing is known of any of them: what
//     was read before may be as old as the trouble.
import type { NamedBranch, Record } from '@concordat/engine';
import { JournalUnavailable } from '@concordat/engine';
import { knownBranch, unknownBranch } from './knowledge.js';
import type { RecoveryPorts } from './ports.js';
import type { Knowledge } from './verdict.js';

const UNREADABLE: Knowledge = { type: 'unreadable' };

type Journal = Pick<RecoveryPorts, 'engine' | 'forgottenBefore' | 'observer'>;

/** @returns what is known of each, in their order */
export async function knowledgeOf(
  branches: readonly NamedBranch[],
  journal: Journal,
  atOnceMax: number,
): Promise<readonly Knowledge[]> {
  try {
    const records: (Record | undefined)[] = [];
    for (let at = 0; at < branches.length; at += atOnceMax) {
      const some = branches.slice(at, at + atOnceMax);
      records.push(...(await Promise.all(some.map(({ name }) => journal.engine.find(name.gtid)))));
    }
    return await withRecords(branches, records, journal);
  } catch (error) {
    if (!(error instanceof JournalUnavailable)) throw error;
    journal.observer.troubled('recovery', error);
    return branches.map(() => UNREADABLE); // L1
  }
}

async function withRecords(
  branches: readonly NamedBranch[],
  records: readonly (Record | undefined)[],
  { forgottenBefore }: Journal,
): Promise<readonly Knowledge[]> {
  const isAnyMissing = records.includes(undefined);
  const before = isAnyMissing ? await forgottenBefore() : null; // K1: after they were not found
  return branches.map((branch, index) => {
    const record = records[index];
    return record === undefined ? unknownBranch(branch.name, before) : knownBranch(record, branch);
  });
}
