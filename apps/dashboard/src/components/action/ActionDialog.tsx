// Everything that changes something passes here.
//
//   on what, and what it would do ─▶ dry run, again whenever what was filled in changes
//     ─▶ a reason (and evidence, and a word typed, where it is dangerous) ─▶ done: what was done
//
// A1. The button works only once the server has proved the very request that would be sent.
// A2. What was looked at is what is acted upon: the request bears the version that the page shows.
// A3. Something dangerous takes a word that is typed, so that no habit of clicking does it.
// A4. The dialog never says two things. Where one chooses what is to be done, nothing is said of it
//     before the choice, and after it the dry run of what is chosen speaks alone.
import { Modal } from '@mantine/core';
import type { ActionResultView } from '@concordat/wire/operations';
import type { ReactNode } from 'react';
import type { Submit } from '../../api/actions.js';
import { ActionForm } from './ActionForm.js';
import { ActionOutcome } from './ActionOutcome.js';
import { useOutcome } from './outcome.js';

export interface Action {
  /** A verb: “Retry now”. */
  readonly title: string;
  /** What it is done to. */
  readonly target: ReactNode;
  /** What is so that allows it. Undefined: it hangs on a choice, and the dry run tells (A4). */
  readonly precondition?: string | undefined;
  /** Likewise. */
  readonly effect?: string | undefined;
  readonly submit: Submit;
  readonly isDangerous?: boolean;
  readonly needsApproval?: boolean;
  /** Whether it takes evidence beside the reason. */
  readonly evidence?: 'required';
  /** A3. */
  readonly typedWord?: string;
  /** A2. */
  readonly ifVersion?: number;
  /** What else goes with the request; undefined: what was filled in does not do yet. */
  readonly more?: Readonly<Record<string, unknown>> | undefined;
  /** With which `more` is filled in. */
  readonly fields?: ReactNode;
}

interface ActionDialogProps {
  /** Undefined: the dialog is closed. */
  readonly action: Action | undefined;
  readonly onClose: () => void;
}

export function ActionDialog({ action, onClose }: ActionDialogProps) {
  const { outcome, setOutcome, close } = useOutcome<ActionResultView>(onClose);
  return (
    <Modal opened={action !== undefined} onClose={close} title={action?.title} size="lg">
      {action !== undefined && outcome === undefined && (
        <ActionForm action={action} onDone={setOutcome} onCancel={close} />
      )}
      {outcome !== undefined && <ActionOutcome result={outcome} onClose={close} />}
    </Modal>
  );
}
