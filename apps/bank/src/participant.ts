// The bank as a participant: which of its deeds answers which operation.
import type {
  Barrier,
  BranchContext,
  Participant,
  Peers,
  Refused,
  ResourceManager,
  Standings,
} from '@concordat/participant-sdk';
import { participant } from '@concordat/participant-sdk';
import type { Till, Transfer } from './till.js';
import type { Deed } from './transfer.js';
import { hold, move, parseTransfer, release, reverse, settle } from './transfer.js';

/** A database, as the deeds and the SDK need it. */
export interface Store<Tx> {
  readonly barrier: Barrier<Tx>;
  readonly resourceManager: ResourceManager<Tx>;
  /** Undefined where there is no 3PC. */
  readonly threePhase: { readonly standings: Standings<Tx>; readonly peers: Peers } | undefined;
  readonly till: (tx: Tx) => Till;
}

export function bankParticipant<Tx>(
  { barrier, resourceManager, threePhase, till }: Store<Tx>,
  report: (error: unknown) => void,
): Participant {
  const by =
    (deed: Deed) =>
    (branch: BranchContext<Transfer>, tx: Tx): Promise<Refused | void> =>
      deed(branch, till(tx));
  const inThreePhases = { canCommit: by(hold), doCommit: by(settle), abort: by(release) };
  return participant({
    barrier,
    parse: parseTransfer,
    saga: { execute: by(move), compensate: by(reverse) },
    tcc: { try: by(hold), confirm: by(settle), cancel: by(release) },
    ...(threePhase === undefined ? {} : { threePhase: { ...threePhase, ...inThreePhases } }),
    twoPhase: { resourceManager, prepare: by(move) },
    report,
  });
}
