// Finds branches that are prepared and that nobody is calling for, and finishes those that have a
// decision. The calls of a branch that is under way are the engine's alone.
//
// R1. Each resource manager is watched on its own: one that is slow or gone holds up no other.
// R2. Any number of coordinators may do this at once. To finish is idempotent, and of presumptions
//     about one transaction the journal lets one through.
// R3. Nothing here is needed for safety: without it, what nobody calls for stays prepared.
import type { Status } from './findings.js';
import type { RecoveryOptions, RecoveryPorts } from './ports.js';
import { Watch } from './watch.js';

export class Recovery {
  private readonly watches: ReadonlyMap<string, Watch>;
  private readonly cancels = new Map<string, () => void>();
  private stopping = false;

  constructor(
    private readonly ports: RecoveryPorts,
    private readonly options: RecoveryOptions,
  ) {
    this.watches = new Map(
      ports.resourceManagers.map((one) => [one.name, new Watch(one, ports, options)]),
    );
  }

  /** Scans now, and then every `scanPeriodMs` until `stop`. */
  start(): void {
    for (const watch of this.watches.values()) this.scanAfter(0, watch);
  }

  /** Of every resource manager, by name. */
  statuses(): readonly Status[] {
    const all = [...this.watches.values()].map((watch) => watch.status());
    return all.toSorted((left, right) => (left.name < right.name ? -1 : 1));
  }

  /**
   * Scans one now; whoever asks while it is being scanned shares the next scan.
   * @returns undefined if no resource manager has this name
   */
  async scan(name: string): Promise<Status | undefined> {
    const watch = this.watches.get(name);
    await watch?.scan();
    return watch?.status();
  }

  /** @returns undefined if no resource manager has this name */
  async selfTest(name: string): Promise<Status['lastSelfTest']> {
    return this.watches.get(name)?.selfTest();
  }

  /** Resolves when what is under way has ended. */
  async stop(): Promise<void> {
    this.stopping = true;
    for (const cancel of this.cancels.values()) cancel();
    await Promise.all([...this.watches.values()].map((watch) => watch.stop()));
  }

  private scanAfter(delayMs: number, watch: Watch): void {
    if (this.stopping) return;
    const scan = (): void => {
      watch
        .scan()
        .catch((error: unknown) => this.ports.observer.troubled('recovery', error))
        .finally(() => this.scanAfter(this.options.limits.scanPeriodMs, watch));
    };
    this.cancels.set(watch.name, this.ports.timers.after(delayMs, scan));
  }
}
