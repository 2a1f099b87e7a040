// For people who look after what the coordinator inside an application does: whatever serves them
// is put together by the application (@concordat/coordinator has one), and given to `openEmbedded`.
//
//   journal is open ──between──▶ engine, recovery ──opened──▶ start … stop
import type { Engine, Observer, Participants, ResourceManager } from '@concordat/engine';
import type { OpenJournal } from '@concordat/journal';
import type { Registry } from '@concordat/participants';
import type { Recovery, Spared } from '@concordat/recovery';
import type { OpenParticipants } from './open-participants.js';

/** What stands between the coordinator and its participants: who is paused is not called. */
export interface Between {
  readonly participants: (participants: Participants) => Participants;
  readonly resourceManager: (one: ResourceManager) => Spared;
  readonly answered: Observer['answered'];
}

/** The parts of the coordinator that operators see and act upon. */
export interface OperatedParts {
  readonly journal: OpenJournal;
  readonly cluster: string;
  readonly participants: OpenParticipants;
  /** Everybody who is registered, the application's own databases among them. */
  readonly registry: Registry;
  readonly engine: Engine;
  readonly recovery: Recovery;
  readonly troubled: (where: string, error: unknown) => void;
}

export interface EmbeddedOperators {
  between(journal: OpenJournal, troubled: OperatedParts['troubled']): Between;
  /**
   * Everything is there, and nothing is started. Once it resolves, it is known who is paused: the
   * engine and recovery are started after it.
   */
  opened(parts: OperatedParts): Promise<void>;
  start(): void;
  /** Before anything that it sees is closed. Never rejects. */
  stop(): Promise<void>;
}
