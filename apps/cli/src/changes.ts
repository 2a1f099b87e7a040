// When it is time to look again, for whoever watches: the coordinator tells it as it happens.
//
//   the stream tells of a change ──────────────▶ look
//   it has told nothing for `everyMs` ─────────▶ look (E2)
//   it is broken, or there is none ──▶ look at once, and every POLL_MS until there is one again
//
// E1. An event says that something has changed, and never what: a lost one costs time, no truth.
// E2. Not all that is shown is told of: how old something is, who waits for a lock, what changed
//     while no stream was open or the coordinator had not read what it compares with.
// E3. A coordinator says every 15 s that it is there. A stream on which nothing comes for SILENT_MS
//     is dead, whatever the network believes; a proxy that keeps events back is found out so too.
// E4. A stream that ends is asked for again, ever more seldom while it fails: by itself it ends
//     after ten minutes. Whoever looks finds out whether the coordinator is there, and says so.
// E5. Who may not listen is told so, which ends the watch. Any other refusal (too many listen) is
//     said, and looking goes on without events.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from './api.js';
import { operations } from './api.js';
import { EventReader } from './events.js';
import { exitCodes, Failure } from './failure.js';

export const POLL_MS = 2_000;
const SILENT_MS = 45_000;
const AGAIN_MS_MIN = 1_000;
const AGAIN_MS_MAX = 15_000;
const NOT_LET_IN: ReadonlySet<unknown> = new Set([401, 403]);

export class Changes {
  private readonly over = new AbortController();
  private isTold = false;
  private hasNews = false;
  private failure: { readonly error: unknown } | undefined;
  private wake: () => void = () => undefined;
  private complained = '';

  /** @param complain for people: why there are no events */
  constructor(
    private readonly api: Api,
    private readonly everyMs: number,
    private readonly complain: (message: string) => void,
    private readonly silentMs = SILENT_MS,
    private readonly pollMs = POLL_MS,
  ) {
    this.follow().catch((error: unknown) => this.fail(error));
  }

  /** Resolves when it is time to look again. @throws Failure once who watches is let in no more */
  async next(): Promise<void> {
    if (!this.hasNews && this.failure === undefined) await this.newsOrLater();
    if (this.failure !== undefined) throw this.failure.error;
    this.hasNews = false;
  }

  close(): void {
    this.over.abort();
  }

  private async newsOrLater(): Promise<void> {
    const waitMs = this.isTold ? this.everyMs : Math.min(this.everyMs, this.pollMs); // E2
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, waitMs);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private tell(): void {
    this.hasNews = true;
    this.wake();
  }

  private fail(error: unknown): void {
    this.failure = { error };
    this.wake();
  }

  /** E4. Until it is over, or refused (E5). */
  private async follow(): Promise<void> {
    let againMs = AGAIN_MS_MIN;
    while (!this.over.signal.aborted) {
      if (await this.listen()) againMs = AGAIN_MS_MIN;
      const delayMs = againMs * (1 + Math.random()); // not all who watch at once
      await sleep(delayMs, undefined, { signal: this.over.signal }).catch(() => undefined);
      againMs = Math.min(2 * againMs, AGAIN_MS_MAX);
    }
  }

  /** @returns whether it was told anything, when that is over */
  private async listen(): Promise<boolean> {
    let wasTold = false;
    try {
      for await (const type of this.typesOfEvents()) {
        if (type !== 'hello' && type !== 'changed') continue; // of a newer coordinator
        this.isTold = wasTold = true;
        this.tell();
      }
    } catch (error) {
      this.judge(error);
    }
    if (this.isTold) this.tell(); // E4
    this.isTold = false;
    return wasTold;
  }

  private async *typesOfEvents(): AsyncGenerator<string, void, undefined> {
    const silence = new AbortController();
    const dead = new Failure(exitCodes.unreachable, 'nothing was heard for too long');
    const timer = setTimeout(() => silence.abort(dead), this.silentMs);
    try {
      const signal = AbortSignal.any([this.over.signal, silence.signal]);
      const reader = new EventReader();
      for await (const bytes of this.api.stream(operations('events'), signal)) {
        timer.refresh(); // E3
        for (const { type } of reader.push(bytes)) yield type;
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** E5. @throws what ends the watch */
  private judge(error: unknown): void {
    if (this.over.signal.aborted) return;
    const isOther = error instanceof RangeError; // what comes is not what a coordinator says
    if (!isOther && !(error instanceof Failure)) throw error;
    if (!isOther && error.exitCode === exitCodes.unreachable) return; // whoever looks says so
    if (!isOther && NOT_LET_IN.has(statusOf(error))) throw error;
    const message = `no events (${error.message}): looks every ${POLL_MS / 1_000} s`;
    if (message !== this.complained) this.complain(message);
    this.complained = message;
  }
}

function statusOf({ problem }: Failure): unknown {
  return 'status' in problem ? problem.status : undefined;
}
