// The actions by name. What each needs and does, the server says with each answer; these are only
// what stands on the buttons.
import type { AvailabilityView } from '@concordat/wire/operations';

type ActionName = AvailabilityView['action'];

interface ActionWord {
  readonly label: string;
  /** It cannot be taken back, or goes against what was decided. */
  readonly isDangerous: boolean;
}

export const actionWords: { readonly [A in ActionName]: ActionWord } = {
  retry: { label: 'Retry now', isDangerous: false },
  pause: { label: 'Pause', isDangerous: false },
  resume: { label: 'Resume', isDangerous: false },
  rollback: { label: 'Roll back', isDangerous: true },
  forget: { label: 'Forget the heuristic', isDangerous: true },
  resolve: { label: 'Resolve with evidence', isDangerous: true },
  force: { label: 'Force an outcome', isDangerous: true },
  skip: { label: 'Skip this step', isDangerous: true },
  replay: { label: 'Call it anew', isDangerous: false },
  amend: { label: 'Change its payload', isDangerous: true },
};
