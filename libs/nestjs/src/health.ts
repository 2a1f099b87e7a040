// Whether an application can have global transactions now, and what should worry people.
import type { ConcordatClient } from '@concordat/client';

export interface Health {
  /** The journal, or the coordinator elsewhere: without it nothing can be decided. */
  readonly isReachable: boolean;
  /** Why not. */
  readonly reason: string | undefined;
  /** Databases whose branches cannot be ended now, by name; the coordinator's own are its own. */
  readonly unreachable: readonly string[];
  /** Transactions with a call that has failed so often that a person should know; at most 100. */
  readonly stuck: number;
}

export interface HealthPorts {
  /** Rejects if it cannot be reached. */
  readonly ping: () => Promise<void>;
  readonly unreachable: () => readonly string[];
  readonly client: ConcordatClient;
}

const STUCK_MAX = 100;

export async function healthOf({ ping, unreachable, client }: HealthPorts): Promise<Health> {
  try {
    await ping();
    const stuck = await countStuck(client);
    return { isReachable: true, reason: undefined, unreachable: unreachable(), stuck };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { isReachable: false, reason, unreachable: unreachable(), stuck: 0 };
  }
}

async function countStuck(client: ConcordatClient): Promise<number> {
  let count = 0;
  for await (const { phase } of client.list({ stuck: true }, { itemsPerPage: STUCK_MAX })) {
    if (phase !== 'ended') count += 1;
    if (count === STUCK_MAX) break;
  }
  return count;
}
