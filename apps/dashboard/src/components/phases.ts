// Where a transaction can be, of whichever protocol: complete, as the compiler knows.
import type { TransactionView } from '@concordat/wire';

const phases: { readonly [P in TransactionView['phase']]: true } = {
  active: true,
  preparing: true,
  'committing-one-phase': true,
  voting: true,
  'pre-committing': true,
  electing: true,
  'pre-aborting': true,
  trying: true,
  forward: true,
  pivoting: true,
  completing: true,
  committing: true,
  confirming: true,
  'rolling-back': true,
  aborting: true,
  cancelling: true,
  backward: true,
  ended: true,
};
export const phaseNames = Object.keys(phases) as readonly TransactionView['phase'][];
