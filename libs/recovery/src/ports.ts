// What recovery needs of the world.
import type { Clock, Engine, ResourceManager, Timers } from '@concordat/engine';
import type { Instant } from '@concordat/protocols';
import type { RecoveryObserver } from './findings.js';
import type { RecoveryLimits } from './limits.js';
import type { OrphanPolicy } from './verdict.js';

export interface RecoveryPorts {
  readonly resourceManagers: readonly ResourceManager[];
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
