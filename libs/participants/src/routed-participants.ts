// Hands each question to the adapter of its participant.
//
//   question ──▶ directory ──▶ registration ──┬─ by its name:  a database, a participant in this
//                                             │                process; each has its own adapter
//                                             └─ by its kind:  HTTP, queues; one for all of them
//
// R1. `ask` never rejects. What cannot be handed to anybody is in doubt: a name that is not
//     registered any more, a kind that this coordinator cannot call. A look at it is `unknown`.
import type {
  Answer,
  Inquiry,
  ParticipantRef,
  Participants,
  Probed,
  Probes,
  Question,
} from '@concordat/engine';
import { probesOf } from '@concordat/engine';
import type { Directory } from './directory.js';
import { unasked } from './probed.js';
import type { Registration } from './registry.js';

export interface Adapters {
  /** By the kind of a registration. */
  readonly kinds: { readonly [Kind in Registration['kind']]?: Participants };
  /** By the name of a participant; goes before its kind. */
  readonly names: ReadonlyMap<string, Participants>;
}

export class RoutedParticipants implements Participants, Probes {
  constructor(
    private readonly directory: Directory,
    private readonly adapters: Adapters,
  ) {}

  async ask(question: Question): Promise<Answer> {
    const adapter = this.adapterOf(question.participant);
    if (typeof adapter === 'string') return { type: 'in-doubt', reason: adapter };
    return adapter.ask(question);
  }

  async probe(inquiry: Inquiry): Promise<Probed> {
    const adapter = this.adapterOf(inquiry.participant);
    return typeof adapter === 'string' ? unasked(adapter) : probesOf(adapter).probe(inquiry);
  }

  /** Or why there is none (R1). */
  private adapterOf(participant: ParticipantRef): Participants | string {
    const found = this.directory.find(participant);
    if (!found.ok) return found.reason;
    const { kind } = found.registration;
    const { kinds, names } = this.adapters;
    const adapter = (typeof participant === 'string' && names.get(participant)) || kinds[kind];
    return adapter ?? `this coordinator has nothing that can call a ${kind}`;
  }
}
