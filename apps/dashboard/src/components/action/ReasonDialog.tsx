// What has no dry run: to decide on what another has asked for, to steer a bulk, to change who may
// do what. What it does is said first; it takes a reason, and a word where it is dangerous.
import { Button, Group, Modal, Stack, Textarea, TextInput } from '@mantine/core';
import { IconCircleCheck } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useState } from 'react';
import { useRefresh } from '../../api/actions.js';
import { Notice } from '../Notice.js';
import { oneLine, sentence } from '../text.js';
import { Footer } from './Footer.js';
import { Refused } from './Refused.js';

const REASON_LENGTH_MAX = 500;

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
  const [said, setSaid] = useState<string>();
  const close = (): void => {
    setSaid(undefined);
    onClose();
  };
  return (
    <Modal
      opened={deed !== undefined}
      onClose={close}
      title={deed?.title}
      size="lg"
      transitionProps={{ duration: 0 }}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {deed !== undefined && said === undefined && (
        <DeedForm deed={deed} onDone={setSaid} onCancel={close} />
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
  const refresh = useRefresh();
  const { mutate, isPending, error } = useMutation({
    mutationFn: deed.submit,
    onSuccess: async (said) => {
      onDone(said);
      await refresh();
    },
  });
  const isReady =
    (deed.isWithoutReason === true || reason.trim() !== '') &&
    (deed.typedWord === undefined || typed.trim() === deed.typedWord);
  const act = (event: React.FormEvent): void => {
    event.preventDefault();
    if (isReady) mutate(reason.trim());
  };
  return (
    <form onSubmit={act}>
      <Stack gap="sm">
        <div>{deed.explanation}</div>
        {deed.isWithoutReason !== true && <ReasonField value={reason} onChange={setReason} />}
        {deed.typedWord !== undefined && (
          <TextInput
            label={`Type “${deed.typedWord}” to confirm`}
            required
            autoComplete="off"
            spellCheck={false}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
        )}
        {error !== null && <Refused error={error} />}
        <Footer>
          <Button variant="default" onClick={onCancel}>
            Do nothing
          </Button>
          <Button
            type="submit"
            disabled={!isReady}
            loading={isPending}
            {...(deed.isDangerous === true ? { color: 'red.9' } : {})}
          >
            {deed.title}
          </Button>
        </Footer>
      </Stack>
    </form>
  );
}

interface ReasonFieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** In every form whose request has a reason. */
export function ReasonField({ value, onChange }: ReasonFieldProps) {
  return (
    <Textarea
      label="Reason"
      description="Why, in your own words. It is kept in the audit."
      required
      autosize
      minRows={2}
      maxLength={REASON_LENGTH_MAX}
      value={value}
      onChange={(event) => onChange(oneLine(event.currentTarget.value))}
    />
  );
}
