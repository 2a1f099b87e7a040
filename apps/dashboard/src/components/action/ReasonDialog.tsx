// What has no dry run: to decide on what another has asked for, to steer a bulk, to change who may
// do what. What it does is said first; it takes a reason, and a word where it is dangerous.
import { Button, Group, Modal, Stack } from '@mantine/core';
import { IconCircleCheck } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useState } from 'react';
import { useActing } from '../../api/actions.js';
import { Notice } from '../Notice.js';
import { sentence } from '../text.js';
import { DialogForm } from './DialogForm.js';
import { ReasonField, TypedWord } from './fields.js';
import { useOutcome } from './outcome.js';

export interface Deed {
  readonly title: string;
  /** What it is done to, and what it does. */
  readonly explanation: ReactNode;
  /** @returns what was done, in a sentence */
  readonly submit: (reason: string) => Promise<string>;
  readonly isDangerous?: boolean;
  /** To be typed, so that no habit of clicking does it. */
  readonly typedWord?: string;
  /** The server keeps none. */
  readonly isWithoutReason?: boolean;
}

interface ReasonDialogProps {
  /** Undefined: the dialog is closed. */
  readonly deed: Deed | undefined;
  readonly onClose: () => void;
}

export function ReasonDialog({ deed, onClose }: ReasonDialogProps) {
  const { outcome: said, setOutcome, close } = useOutcome<string>(onClose);
  return (
    <Modal opened={deed !== undefined} onClose={close} title={deed?.title} size="lg">
      {deed !== undefined && said === undefined && (
        <DeedForm deed={deed} onDone={setOutcome} onCancel={close} />
      )}
      {said !== undefined && (
        <Stack gap="sm" role="status">
          <Notice tone="fine" icon={IconCircleCheck}>
            <strong>Done.</strong> {sentence(said)}
          </Notice>
          <Group justify="flex-end">
            <Button onClick={close} data-autofocus>
              Close
            </Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}

interface DeedFormProps {
  readonly deed: Deed;
  readonly onDone: (said: string) => void;
  readonly onCancel: () => void;
}

function DeedForm({ deed, onDone, onCancel }: DeedFormProps) {
  const [reason, setReason] = useState('');
  const [typed, setTyped] = useState('');
  const acting = useActing(deed.submit, onDone);
  const isReady =
    (deed.isWithoutReason === true || reason.trim() !== '') &&
    (deed.typedWord === undefined || typed.trim() === deed.typedWord);
  return (
    <DialogForm
      verb={deed.title}
      isDangerous={deed.isDangerous}
      isReady={isReady}
      acting={acting}
      onSubmit={() => acting.mutate(reason.trim())}
      onCancel={onCancel}
    >
      <div>{deed.explanation}</div>
      {deed.isWithoutReason !== true && <ReasonField value={reason} onChange={setReason} isFirst />}
      {deed.typedWord !== undefined && (
        <TypedWord word={deed.typedWord} value={typed} onChange={setTyped} />
      )}
    </DialogForm>
  );
}
