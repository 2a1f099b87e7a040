// To make a rule, or to change one. With a new one comes the secret that its messages are signed
// with; it is shown once.
import {
  Button,
  Checkbox,
  Group,
  Modal,
  NumberInput,
  Select,
  Stack,
  TextInput,
} from '@mantine/core';
import type { AlertRuleView } from '@concordat/wire/operations';
import { useMutation } from '@tanstack/react-query';
import { IconKey } from '@tabler/icons-react';
import { useState } from 'react';
import { useRefresh } from '../../api/actions.js';
import { changeRule, makeRule } from '../../api/steering.js';
import { ReasonField } from '../../components/action/ReasonDialog.js';
import { Refused } from '../../components/action/Refused.js';
import { CopyableBlock } from '../../components/Copyable.js';
import { Notice } from '../../components/Notice.js';
import { oneLine } from '../../components/text.js';
import { isWatch, watches, watchWords } from './conditions.js';
import type { Draft } from './draft.js';
import { draftOf, isComplete, newDraft, requestOf } from './draft.js';

interface RuleDialogProps {
  /** `new`: one is made; undefined: the dialog is closed. */
  readonly edited: AlertRuleView | 'new' | undefined;
  readonly onClose: () => void;
}

export function RuleDialog({ edited, onClose }: RuleDialogProps) {
  const [secret, setSecret] = useState<string>();
  const close = (): void => {
    setSecret(undefined);
    onClose();
  };
  const rule = edited === 'new' ? undefined : edited;
  return (
    <Modal
      opened={edited !== undefined}
      onClose={close}
      title={rule === undefined ? 'Make a rule' : `Change “${rule.name}”`}
      size="lg"
      transitionProps={{ duration: 0 }}
      closeButtonProps={{ 'aria-label': 'Close' }}
      closeOnClickOutside={secret === undefined}
      closeOnEscape={secret === undefined}
    >
      {edited !== undefined && secret === undefined && (
        <RuleForm rule={rule} onSecret={setSecret} onClose={close} />
      )}
      {secret !== undefined && (
        <Stack gap="sm" role="status">
          <Notice tone="attention" icon={IconKey}>
            <strong>The rule watches. This is shown once:</strong> with it, the webhook checks that
            a message is ours (Standard Webhooks).
          </Notice>
          <CopyableBlock text={secret} what="the secret" />
          <Group justify="flex-end">
            <Button onClick={close}>I have it</Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}

interface RuleFormProps {
  readonly rule: AlertRuleView | undefined;
  readonly onSecret: (secret: string) => void;
  readonly onClose: () => void;
}

function RuleForm({ rule, onSecret, onClose }: RuleFormProps) {
  const [draft, setDraft] = useState(rule === undefined ? newDraft : draftOf(rule));
  const change = (part: Partial<Draft>): void => setDraft({ ...draft, ...part });
  const refresh = useRefresh();
  const { mutate, error, isPending } = useMutation({
    mutationFn: async () => {
      if (rule === undefined) return (await makeRule(requestOf(draft))).secret;
      await changeRule(rule.id, requestOf(draft));
      return undefined;
    },
    onSuccess: async (secret) => {
      if (secret === undefined) onClose();
      else onSecret(secret);
      await refresh();
    },
  });
  const submit = (event: React.FormEvent): void => {
    event.preventDefault();
    if (isComplete(draft)) mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Fields draft={draft} onChange={change} />
        <ReasonField value={draft.reason} onChange={(reason) => change({ reason })} />
        {error !== null && <Refused error={error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Do nothing
          </Button>
          <Button type="submit" disabled={!isComplete(draft)} loading={isPending}>
            {rule === undefined ? 'Make the rule' : 'Change the rule'}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface FieldsProps {
  readonly draft: Draft;
  readonly onChange: (part: Partial<Draft>) => void;
}

function Fields({ draft, onChange }: FieldsProps) {
  return (
    <>
      <TextInput
        label="Name"
        required
        maxLength={60}
        autoComplete="off"
        data-autofocus
        value={draft.name}
        onChange={(event) => onChange({ name: oneLine(event.currentTarget.value) })}
      />
      <Condition draft={draft} onChange={onChange} />
      <TextInput
        label="Webhook"
        description="Where it is told. The address is checked as a participant’s is."
        placeholder="https://hooks.example.org/oncall"
        required
        type="url"
        autoComplete="off"
        spellCheck={false}
        value={draft.url}
        onChange={(event) => onChange({ url: event.currentTarget.value })}
      />
      <NumberInput
        label="Not again for the same cause within (minutes)"
        min={1}
        max={10_080}
        allowDecimal={false}
        value={draft.quietMinutes}
        onChange={(quietMinutes) => typeof quietMinutes === 'number' && onChange({ quietMinutes })}
      />
      <Checkbox
        label="It watches (else it is switched off)"
        checked={draft.enabled}
        onChange={(event) => onChange({ enabled: event.currentTarget.checked })}
      />
    </>
  );
}

function Condition({ draft, onChange }: FieldsProps) {
  return (
    <Group grow align="end">
      <Select
        label="Fires when"
        allowDeselect={false}
        data={watches.map((value) => ({ value, label: watchWords[value].label }))}
        value={draft.watch}
        onChange={(watch) => isWatch(watch) && onChange({ watch, limit: watchWords[watch].limit })}
      />
      <NumberInput
        label={
          watchWords[draft.watch].unit === 'seconds'
            ? 'For more than (seconds)'
            : 'So many, or more'
        }
        min={1}
        allowDecimal={false}
        value={draft.limit}
        onChange={(limit) => typeof limit === 'number' && onChange({ limit })}
      />
    </Group>
  );
}
