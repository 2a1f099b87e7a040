import type { ParticipantHealthView } from '@concordat/wire/operations';
import { onParticipant } from '../../api/actions.js';
import type { Action } from '../../components/action/ActionDialog.js';
import { plural } from '../../components/numbers.js';

export function pauseOrResume({ name, paused, said, stuck }: ParticipantHealthView): Action {
  if (paused === null) {
    return {
      title: `Pause ${name}`,
      target: name,
      precondition: said,
      effect:
        'Nobody calls it until it is resumed. Transactions that need it wait; their deadlines ' +
        'still decide, and what is prepared there holds its locks.',
      submit: onParticipant(name, 'pause'),
    };
  }
  const waiting = plural(stuck, 'transaction is', 'transactions are');
  return {
    title: `Resume ${name}`,
    target: name,
    precondition: `Paused by ${paused.by}: ${paused.reason}. ${waiting} stuck at it.`,
    effect: 'It is called again, within seconds.',
    submit: onParticipant(name, 'resume'),
  };
}
