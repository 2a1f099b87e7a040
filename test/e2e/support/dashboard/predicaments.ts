// Transactions in every predicament in which a person can act, at participants that do what they
// are told.
import type { ScriptedParticipant } from '../../../support/scripted-participants.js';
import { ScriptedParticipants } from '../../../support/scripted-participants.js';
import type { World } from './world.js';

/** What is known of a branch of 2PC that has answered, by what it was asked. */
const ANSWERED = { prepare: 'prepared', commit: 'acknowledged' } as const;

/** Longer than a test lasts: nothing is asked again but by a person. */
const RETRY = { firstDelayMs: 300_000, delayMaxMs: 300_000 };

export interface Predicament {
  readonly gtid: string;
  /** The one that makes the trouble. */
  readonly there: ScriptedParticipant;
}

export class Predicaments {
  private constructor(
    private readonly world: World,
    private readonly participants: ScriptedParticipants,
  ) {}

  /** Its participants end with the test file. */
  static async open(world: World): Promise<Predicaments> {
    return new Predicaments(world, await ScriptedParticipants.open());
  }

  add(): ScriptedParticipant {
    return this.participants.add();
  }

  /**
   * The operation of the branch `there` is outstanding, and gets no answer; the others have
   * answered: nothing of the transaction changes any more while a person looks at it.
   */
  async stuckAt(
    protocol: '2pc',
    operation: keyof typeof ANSWERED,
    more: { readonly request?: object; readonly branches?: readonly object[] } = {},
  ): Promise<Predicament> {
    const there = this.add().answers(operation, { status: 503 });
    const other = this.branch('other');
    const branches = [...(more.branches ?? [other]), this.branch('there', there)];
    const begin = { protocol, name: 'booking', deadlineMs: 600_000, branches, ...more.request };
    const gtid = await this.world.ask(begin);
    await this.world.api.until(gtid, 'stuck', (now) =>
      now.branches.every(({ id, attempts, state }) =>
        id === 'there' ? attempts > 0 : state === ANSWERED[operation],
      ),
    );
    return { gtid, there };
  }

  /** A saga of three steps; the second is `there`, the third has not been told. */
  async saga(): Promise<Predicament> {
    const there = this.add().answers('execute', { status: 503 });
    const branches = [this.branch('first'), this.branch('there', there), this.branch('third')];
    const begin = { protocol: 'saga', name: 'checkout', deadlineMs: 600_000, branches };
    const gtid = await this.world.ask(begin);
    await this.world.api.until(gtid, 'stuck', (now) => (now.branches[1]?.attempts ?? 0) > 0);
    return { gtid, there };
  }

  /** A saga whose last step was refused after the pivot: it can only go on. */
  async refusedAfterPivot(): Promise<Predicament> {
    const there = this.add().answers('execute', { status: 409, body: { reason: 'closed' } });
    const branches = [
      this.branch('pivot', this.add(), { pivot: true }),
      this.branch('there', there),
    ];
    const gtid = await this.world.ask({ protocol: 'saga', name: 'checkout', branches });
    await this.world.api.until(gtid, 'refused', (now) =>
      /refused/.test(now.branches[1]?.lastError ?? ''),
    );
    return { gtid, there };
  }

  /** Ended, and not as decided. */
  async heuristic(): Promise<Predicament> {
    const there = this.add().answers('commit', { status: 409, body: { heuristic: 'rollback' } });
    const branches = [this.branch('other'), this.branch('there', there)];
    const gtid = await this.world.ask({ protocol: '2pc', name: 'booking', branches });
    await this.world.api.untilEnded(gtid);
    return { gtid, there };
  }

  branch(id: string, at: ScriptedParticipant = this.add(), more: object = {}): object {
    return { id, participant: { url: at.url }, retry: RETRY, payload: { id }, ...more };
  }
}
