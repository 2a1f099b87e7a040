// What the truth needs of the world: to find a transaction and what people have said of it, and to
// ask whoever takes part in it.
import type { OperationsPorts } from '../ports.js';

export type TruthPorts = Pick<
  OperationsPorts,
  'participants' | 'resourceManagers' | 'cluster' | 'clock' | 'timers'
> & {
  readonly engine: Pick<OperationsPorts['engine'], 'find'>;
  readonly store: Pick<OperationsPorts['store'], 'run'>;
  readonly pauses: Pick<OperationsPorts['pauses'], 'of'>;
  readonly recovery: Pick<OperationsPorts['recovery'], 'statuses'>;
};
