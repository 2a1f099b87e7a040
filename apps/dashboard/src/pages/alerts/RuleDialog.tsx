// To make a rule, or to change one. With a new one comes the secret that its messages are signed
// with; it is shown once.
import { Checkbox, Group, Modal, NumberInput, Select, TextInput } from '@mantine/core';
import type { AlertRuleView } from '@concordat/wire/operations';
import { useState } from 'react';
import { useActing } from '../../api/actions.js';
import { changeRule, makeRule } from '../../api/steering.js';
import { DialogForm } from '../../components/action/DialogForm.js';
import { NameField, ReasonField } from '../../components/action/fields.js';
import { useOutcome } from '../../components/action/outcome.js';
import { ShownOnce } from '../../components/action/ShownOnce.js';
import { isWatch, watches, watchWords } from './conditions.js';
import type { Draft } from './draft.js';
import { draftOf, isComplete, newDraft, requestOf } from './draft.js';

interface RuleDialogProps {
  /** `new`: one is made; undefined: the dialog is closed. */
  readonly edited: AlertRuleView | 'new' | undefined;
  readonly onClose: () => void;
}

export function RuleDialog({ edited, onClose }: RuleDialogProps) {
  const { outcome: secret, setOutcome, close } = useOutcome<string>(onClose);
  const rule = edited === 'new' ? undefined : edited;
  return (
    <Modal
      opened={edited !== undefined}
      onClose={close}
      title={rule === undefined ? 'Make a rule' : `Change “${rule.name}”`}
      size="lg"
      closeOnClickOutside={secret === undefined}
      closeOnEscape={secret === undefined}
    >
      {edited !== undefined && secret === undefined && (
        <RuleForm rule={rule} onSecret={setOutcome} onClose={close} />
      )}
      {secret !== undefined && (
        <ShownOnce secret={secret} what="the secret" onClose={close}>
          <strong>The rule watches. This is shown once:</strong> with it, the webhook checks that a
          message is ours (Standard Webhooks).
        </ShownOnce>
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
  const make = async (): Promise<string | undefined> => {
    if (rule === undefined) return (await makeRule(requestOf(draft))).secret;
    await changeRule(rule.id, requestOf(draft));
    return undefined;
  };
  const acting = useActing(make, (secret) => {
    if (secret === undefined) onClose();
    else onSecret(secret);
  });
  return (
    <DialogForm
      verb={rule === undefined ? 'Make the rule' : 'Change the rule'}
      isReady={isComplete(draft)}
      acting={acting}
      onSubmit={acting.mutate}
      onCancel={onClose}
    >
      <Fields draft={draft} onChange={change} />
      <ReasonField value={draft.reason} onChange={(reason) => change({ reason })} />
    </DialogForm>
  );
}

interface FieldsProps {
  readonly draft: Draft;
  readonly onChange: (part: Partial<Draft>) => void;
}

function Fields({ draft, onChange }: FieldsProps) {
  return (
    <>
      <NameField value={draft.name} onChange={(name) => onChange({ name })} />
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
            ? 'Begun more than so long ago (seconds)'
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
