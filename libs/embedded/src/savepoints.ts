// TypeORM's inner transactions, within a branch: savepoints of its one connection.
//
// S1. A rollback to a savepoint undoes whatever came after it, whoever has asked for that. Where it
//     was not all asked for through the runner that rolls back, somebody has been told that his
//     statement was done, and may go on; then the branch can only be rolled back.
// S2. The savepoint that was set last is ended first. Inner transactions that overlap otherwise
//     would end each other's, and so the branch can only be rolled back.
import { Misused } from './errors.js';

interface Savepoint {
  readonly name: string;
  /** The runner that has set it. */
  readonly by: object;
  /** A statement of another runner came after it (S1). */
  isShared: boolean;
}

const OVERLAP =
  'inner transactions of one database overlap: await one before the next, for all of them are ' +
  'savepoints of one connection';
const SHARED =
  'an inner transaction was rolled back, and with it statements that were not made through its ' +
  'own manager';

export class Savepoints {
  private readonly open: Savepoint[] = [];
  private count = 0;

  get isEmpty(): boolean {
    return this.open.length === 0;
  }

  /** Whether the one that was set last is of this runner. */
  isLastBy(by: object): boolean {
    return this.open.at(-1)?.by === by;
  }

  /** Every statement of the application. */
  touchedBy(by: object): void {
    for (const one of this.open) if (one.by !== by) one.isShared = true;
  }

  /** @returns its name, which no other of the branch has */
  set(by: object): string {
    this.touchedBy(by);
    this.count += 1;
    const name = `concordat_${this.count}`;
    this.open.push({ name, by, isShared: false });
    return name;
  }

  /** @throws Misused (S2) */
  release(by: object): string {
    return this.end(by).name;
  }

  /** @returns its name, and why the branch is spoilt, if it is (S1). @throws Misused (S2) */
  rollBack(by: object): { readonly name: string; readonly spoilt: Misused | undefined } {
    const { name, isShared } = this.end(by);
    return { name, spoilt: isShared ? new Misused(SHARED) : undefined };
  }

  private end(by: object): Savepoint {
    const last = this.open.pop();
    if (last === undefined) throw new Misused('no inner transaction is open');
    if (last.by !== by) throw new Misused(OVERLAP);
    return last;
  }
}
