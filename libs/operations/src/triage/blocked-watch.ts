// Who waits for prepared branches, as it was told last. To ask takes as long as the slowest
// resource manager, and one that is away takes until its time is over: a page does not wait.
//
// S1. What is older than FRESH_MS is asked for again; whoever needs it waits WAIT_MS for it, and is
//     told what was known before then. Nothing older than STALE_MS is told at all.
// S2. Not known yet is missing, and never nobody.
import type { OperationsPorts } from '../ports.js';
import type { BlockedSessions } from './ports.js';

const FRESH_MS = 2_000;
const WAIT_MS = 150;
const STALE_MS = 30_000;

const NOT_YET: BlockedSessions = {
  items: [],
  missing: [{ what: 'waiting sessions', reason: 'The resource managers have not answered yet.' }],
};

export class BlockedWatch {
  private last: { readonly at: number; readonly told: BlockedSessions } | undefined;
  private asking: Promise<BlockedSessions> | undefined;

  constructor(
    private readonly ask: () => Promise<BlockedSessions>,
    private readonly ports: Pick<OperationsPorts, 'clock' | 'timers'>,
  ) {}

  /** Never rejects; takes WAIT_MS at most. */
  async latest(): Promise<BlockedSessions> {
    const { clock } = this.ports;
    if (this.last !== undefined && clock.now() - this.last.at < FRESH_MS) return this.last.told;
    const answered = await this.within(this.now());
    if (answered !== undefined) return answered;
    const known = this.last;
    return known !== undefined && clock.now() - known.at < STALE_MS ? known.told : NOT_YET; // S2
  }

  /** However long it takes. */
  now(): Promise<BlockedSessions> {
    this.asking ??= this.ask()
      .catch((error: unknown): BlockedSessions => {
        const reason = error instanceof Error ? error.message : String(error);
        return { items: [], missing: [{ what: 'waiting sessions', reason }] };
      })
      .then((told) => {
        this.last = { at: this.ports.clock.now(), told };
        return told;
      })
      .finally(() => (this.asking = undefined));
    return this.asking;
  }

  /** S1. */
  private within(answer: Promise<BlockedSessions>): Promise<BlockedSessions | undefined> {
    return new Promise((resolve) => {
      const cancel = this.ports.timers.after(WAIT_MS, () => resolve(undefined));
      void answer.then((told) => {
        cancel();
        resolve(told);
      });
    });
  }
}
