// The one place that knows there are four protocols. The shell sees a tagged state and no more.
import type { Beginning, Event, Machine, Outstanding, Summary } from './machine.js';
import type { SagaState } from './saga.js';
import { saga } from './saga.js';
import type { TccState } from './tcc.js';
import { tcc } from './tcc.js';
import type { ThreePhaseState } from './three-phase-commit.js';
import { threePhaseCommit } from './three-phase-commit.js';
import type { TwoPhaseState } from './two-phase-commit.js';
import { twoPhaseCommit } from './two-phase-commit.js';
import type { ProtocolName } from './vocabulary.js';

interface States {
  '2pc': TwoPhaseState;
  '3pc': ThreePhaseState;
  tcc: TccState;
  saga: SagaState;
}

type Tagged<P extends ProtocolName> = {
  [K in P]: { readonly protocol: K; readonly state: States[K] };
}[P];

/** The state of some protocol, and which one. */
export type ProtocolState = Tagged<ProtocolName>;

const machines: { readonly [P in ProtocolName]: Machine<States[P]> } = {
  '2pc': twoPhaseCommit,
  '3pc': threePhaseCommit,
  tcc: tcc,
  saga: saga,
};

export const protocolNames = Object.keys(machines) as readonly ProtocolName[];

export function beginProtocol<P extends ProtocolName>(protocol: P, how: Beginning): Tagged<P> {
  return { protocol, state: machines[protocol].begin(how) } as Tagged<P>;
}

/** Returns `tagged` itself if `event` says nothing new. */
export function apply<P extends ProtocolName>(tagged: Tagged<P>, event: Event): Tagged<P> {
  const state = machines[tagged.protocol].apply(tagged.state, event);
  return state === tagged.state ? tagged : { ...tagged, state };
}

export function outstanding<P extends ProtocolName>(tagged: Tagged<P>): Outstanding {
  return machines[tagged.protocol].outstanding(tagged.state);
}

export function summarize<P extends ProtocolName>(tagged: Tagged<P>): Summary {
  return machines[tagged.protocol].summarize(tagged.state);
}
