// What recovery needs of the world.
import type { Clock, Engine, Finished, ResourceManager, Timers } from '@concordat/engine';
import type { Instant } from '@concordat/protocols';
import type { HeldBack, RecoveryObserver } from './findings.js';
import type { RecoveryLimits } from './limits.js';
import type { OrphanPolicy } from './verdict.js';

/** A resource manager, where a person may have said that nothing is to be finished for now. */
export interface Spared extends Omit<ResourceManager, 'finish'> {
  finish(...of: Parameters<ResourceManager['finish']>): Promise<Finished | HeldBack>;
}

export interface RecoveryPorts {
  readonly resourceManagers: readonly Spared[];
  /** The journal's own id. */
  readonly cluster: string;
  readonly engine: Pick<Engine, 'find' | 'arrive' | 'wake'>;
  /** What begun before this may have been forgotten; null if nothing has been yet. */
  readonly forgottenBefore: () => Promise<Instant | null>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly observer: RecoveryObserver;
}

export interface RecoveryOptions {
  readonly policy: OrphanPolicy;
  readonly limits: RecoveryLimits;
}
