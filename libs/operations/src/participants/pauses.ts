// The participants that a person holds back: nobody calls them until they are resumed.
//
// H1. Every instance reads them again each second, so a pause is heard of within two by all. Who
//     cannot read them goes by what he has read last.
// H2. A call that is under way when the pause comes is not taken back. What is asked of a paused
//     participant is `working`: it has not failed, no attempt is counted, and it stays outstanding.
//     It is `unsent` too: nobody was called, and nothing may look as if he had answered. A deadline
//     decides all the same.
// H3. Recovery ends nothing at a paused resource manager either, and has not failed to: it holds
//     back, and says so. What a person has approved is
//     done, for he has said so.
import type {
  Answer,
  ParticipantRef,
  Participants,
  Probes,
  Question,
  Record as TransactionRecord,
  ResourceManager,
  Timers,
} from '@concordat/engine';
import { probesOf } from '@concordat/engine';
import { callsOf } from '@concordat/protocols';
import type { Spared } from '@concordat/recovery';
import type { Run } from '../ports.js';
import { LIST_PAUSES } from '../statements/list-pauses.js';

const PERIOD_MS = 1_000;
/** After a resume, calls go again within this time. */
const LOOK_AGAIN_MS = 5_000;

export interface Pause {
  readonly name: string;
  readonly by: string;
  readonly reason: string;
  readonly since: Date;
}

export interface PausesPorts {
  readonly run: Run;
  readonly timers: Timers;
  readonly troubled: (where: string, error: unknown) => void;
}

export class Pauses {
  private paused: ReadonlyMap<string, Pause> = new Map();
  private cancel: () => void = () => undefined;
  private stopping = false;

  constructor(private readonly ports: PausesPorts) {}

  /** One that is called by an address given inline is nobody's to pause. */
  of(participant: ParticipantRef): Pause | undefined {
    return typeof participant === 'string' ? this.paused.get(participant) : undefined;
  }

  /** H1. Resolves once they were read for the first time, or could not be. */
  async start(): Promise<void> {
    await this.readAgain();
  }

  stop(): void {
    this.stopping = true;
    this.cancel();
  }

  /** Now: whoever has just paused or resumed one is answered when this instance obeys. */
  async read(): Promise<void> {
    const rows = await this.ports.run<Pause>(LIST_PAUSES, []);
    this.paused = new Map(rows.map((row) => [row.name, row]));
  }

  /** H2. Who is paused may be asked how he is, which changes nothing. */
  holdingBack(participants: Participants): Participants & Probes {
    return {
      probe: (inquiry) => probesOf(participants).probe(inquiry),
      ask: (question: Question): Promise<Answer> => {
        const pause = this.of(question.participant);
        if (pause === undefined) return participants.ask(question);
        const held = { reason: reasonOf(pause), unsent: true } as const;
        return Promise.resolve({ type: 'working', retryAfterMs: LOOK_AGAIN_MS, ...held });
      },
    };
  }

  /** H3: as recovery sees it. */
  sparing(resourceManager: ResourceManager): Spared {
    const { name, kind, address } = resourceManager;
    return {
      name,
      kind,
      address,
      prepared: () => resourceManager.prepared(),
      selfTest: () => resourceManager.selfTest(),
      close: () => resourceManager.close(),
      finish: async (found, decision) => {
        const pause = this.of(name);
        if (pause === undefined) return resourceManager.finish(found, decision);
        return { type: 'held-back', reason: reasonOf(pause) };
      },
    };
  }

  private async readAgain(): Promise<void> {
    try {
      await this.read();
    } catch (error) {
      this.ports.troubled('pauses', error);
    }
    if (this.stopping) return;
    this.cancel = this.ports.timers.after(PERIOD_MS, () => {
      this.readAgain().catch((error: unknown) => this.ports.troubled('pauses', error));
    });
  }
}

function reasonOf({ by, reason }: Pause): string {
  return `paused by ${by}: ${reason}`;
}

/** For each outstanding call that is held back, the pause that does so. */
export function holding(
  { transaction, definition }: Pick<TransactionRecord, 'transaction' | 'definition'>,
  pauses: Pick<Pauses, 'of'>,
): readonly Pause[] {
  return callsOf(transaction).flatMap(({ branch }) => {
    const participant = definition.branches.find(({ id }) => id === branch)?.participant;
    return (participant === undefined ? undefined : pauses.of(participant)) ?? [];
  });
}

/** What is to be done before anything can be asked of it. Without a full stop. */
export function resumeFirst({ name, by, reason }: Pause): string {
  const held = `${name} is paused by ${by} (“${reason}”)`;
  return `${held}: resume it first (concordat participants resume ${name})`;
}
