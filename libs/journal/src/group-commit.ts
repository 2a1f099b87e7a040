// Group commit: what is asked for together is written together, by one statement and one commit.
//
//   submit ─▶ waiting ──at most itemsMax──▶ flush ──▶ every submit of the batch resolves
//                ▲                            │
//                └── arrivals gather ◀────────┘ one flush at a time
//
// G1. A lone item never waits for company: with no flush under way, the next one starts as soon
//     as the event loop has handed over what has already arrived (`setImmediate`). Measured with
//     8 clients, that gathers 8 items a commit where flushing at once gathers 4.
// G2. A batch that was certainly not written is done again item by item, so that a bad item fails
//     alone. A batch whose fate is not known is never repeated: all its items reject.
// G3. The queue is bounded; past the bound an item is refused before anything is written.
//
// Source: DeWitt et al. 1984, "Implementation techniques for main memory database systems", 4.
import { JournalUnavailable } from '@concordat/engine';
import { assert } from '@concordat/protocols';
import { StatementRolledBack } from './database.js';

export interface GroupCommitLimits {
  readonly itemsPerFlushMax: number;
  /** A flush takes no more items once it has this much; a larger item goes alone. */
  readonly charactersPerFlushMax: number;
  readonly waitingMax: number;
}

export interface GroupCommitWork<Item, Answer> {
  /** Writes all items in one commit; answers each, in order. */
  flush(items: readonly Item[]): Promise<readonly Answer[]>;
  charactersIn(item: Item): number;
}

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

export class GroupCommit<Item, Answer> {
  private waiting: Waiting<Item, Answer>[] = [];
  private flushing = false;
  private idlers: (() => void)[] = [];

  constructor(
    private readonly work: GroupCommitWork<Item, Answer>,
    private readonly limits: GroupCommitLimits,
  ) {}

  /**
   * Resolves once the item's flush is durable.
   * @throws StatementRolledBack if this very item was refused, JournalUnavailable if it is not
   *   known whether it was written, or the queue is full (G3)
   */
  submit(item: Item): Promise<Answer> {
    if (this.waiting.length >= this.limits.waitingMax) {
      return Promise.reject(new JournalUnavailable('too many writes wait for the journal'));
    }
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      this.next();
    });
  }

  /** Resolves when nothing waits and nothing is being flushed. */
  idle(): Promise<void> {
    if (!this.flushing) return Promise.resolve();
    return new Promise((resolve) => this.idlers.push(resolve));
  }

  private next(): void {
    if (this.flushing) return;
    if (this.waiting.length === 0) {
      for (const resolve of this.idlers.splice(0)) resolve();
      return;
    }
    this.flushing = true;
    setImmediate(() => this.flushBatch(this.takeBatch())); // G1
  }

  private takeBatch(): readonly Waiting<Item, Answer>[] {
    const { itemsPerFlushMax, charactersPerFlushMax } = this.limits;
    let characters = 0;
    let count = 0;
    for (const { item } of this.waiting.slice(0, itemsPerFlushMax)) {
      characters += this.work.charactersIn(item);
      if (count > 0 && characters > charactersPerFlushMax) break;
      count += 1;
    }
    return this.waiting.splice(0, count);
  }

  private flushBatch(batch: readonly Waiting<Item, Answer>[]): void {
    const proceed = (): void => {
      this.flushing = false;
      this.next();
    };
    this.settle(batch).then(proceed, proceed);
  }

  private async settle(batch: readonly Waiting<Item, Answer>[]): Promise<void> {
    try {
      const answers = await this.work.flush(batch.map(({ item }) => item));
      assert(answers.length === batch.length, 'a flush answers every item');
      for (const [index, answer] of answers.entries()) batch[index]?.resolve(answer);
    } catch (error) {
      if (error instanceof StatementRolledBack && batch.length > 1) await this.settleEach(batch);
      else for (const { reject } of batch) reject(error);
    }
  }

  /** G2. Once the journal is lost, the rest is not tried: that would take a timeout each. */
  private async settleEach(batch: readonly Waiting<Item, Answer>[]): Promise<void> {
    let lost: unknown;
    for (const { item, resolve, reject } of batch) {
      if (lost !== undefined) {
        reject(lost);
        continue;
      }
      try {
        const [answer] = await this.work.flush([item]);
        assert(answer !== undefined, 'a flush answers every item');
        resolve(answer);
      } catch (error) {
        reject(error);
        if (!(error instanceof StatementRolledBack)) lost = error;
      }
    }
  }
}
