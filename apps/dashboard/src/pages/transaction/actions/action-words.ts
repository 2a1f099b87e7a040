// The actions by name. What each needs and does, the server says with each answer; these are only
// what stands on the buttons.
import type { AvailabilityView } from '@concordat/wire/operations';

type ActionName = AvailabilityView['action'];

interface ActionWord {
  readonly label: string;
  /** It cannot be taken back, or goes against what was decided. */
  readonly isDangerous: boolean;
  /** What it does, where that hangs on a choice that is still to be made. */
  readonly byChoice?: string;
}

export const actionWords: { readonly [A in ActionName]: ActionWord } = {
  retry: { label: 'Retry now', isDangerous: false },
  pause: { label: 'Pause', isDangerous: false },
  resume: { label: 'Resume', isDangerous: false },
  rollback: { label: 'Roll back', isDangerous: true },
  forget: { label: 'Forget the heuristic', isDangerous: true },
  resolve: {
    label: 'Resolve with evidence',
    isDangerous: true,
    byChoice:
      'Says in the place of the participant that the call was done, or that it was refused.',
  },
  force: {
    label: 'Force an outcome',
    isDangerous: true,
    byChoice: 'Ends the branch by commit or by rollback, once a second person has approved it.',
  },
  skip: { label: 'Skip this step', isDangerous: true },
  replay: { label: 'Call it anew', isDangerous: false },
  amend: { label: 'Change its payload', isDangerous: true },
};
