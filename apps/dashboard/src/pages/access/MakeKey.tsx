// A key for a person or an application. What it says is shown once, and kept by nobody.
import { Checkbox, Modal, Select, Stack, TextInput } from '@mantine/core';
import type { KeyRequest, NewKeyView, Role } from '@concordat/wire/operations';
import { useState } from 'react';
import { useActing } from '../../api/actions.js';
import { makeKey } from '../../api/steering.js';
import { DialogForm } from '../../components/action/DialogForm.js';
import { NameField, ReasonField } from '../../components/action/fields.js';
import { useOutcome } from '../../components/action/outcome.js';
import { ShownOnce } from '../../components/action/ShownOnce.js';
import { roleWords } from '../../components/words.js';

interface MakeKeyProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
}

export function MakeKey({ isOpen, onClose }: MakeKeyProps) {
  const { outcome: made, setOutcome, close } = useOutcome<NewKeyView>(onClose);
  return (
    <Modal
      opened={isOpen}
      onClose={close}
      title={made === undefined ? 'Make a key' : 'The key is made'}
      size="lg"
      // what is shown once is not lost by a slip of the hand
      closeOnClickOutside={made === undefined}
      closeOnEscape={made === undefined}
    >
      {made === undefined ? (
        <KeyForm onDone={setOutcome} onCancel={close} />
      ) : (
        <ShownOnce secret={made.key} what={`the key ${made.name}`} onClose={close}>
          <strong>This is shown once.</strong> Only its hash is kept: whoever loses it needs
          another.
        </ShownOnce>
      )}
    </Modal>
  );
}

const DAY_MS = 86_400_000;
const lifetimes = [
  { value: '1', label: 'in a day' },
  { value: '30', label: 'in 30 days' },
  { value: '90', label: 'in 90 days' },
  { value: '365', label: 'in a year' },
  { value: '', label: 'never' },
];
const LIFETIME_DEFAULT = '90';
const roles = Object.keys(roleWords) as readonly Role[];

interface Draft {
  readonly name: string;
  readonly tenant: string;
  readonly roles: readonly Role[];
  /** In days; empty: it does not end. */
  readonly lifetime: string;
  readonly reason: string;
}

const empty: Draft = { name: '', tenant: '*', roles: [], lifetime: LIFETIME_DEFAULT, reason: '' };

interface KeyFormProps {
  readonly onDone: (made: NewKeyView) => void;
  readonly onCancel: () => void;
}

function KeyForm({ onDone, onCancel }: KeyFormProps) {
  const [draft, setDraft] = useState(empty);
  const change = (part: Partial<Draft>): void => setDraft({ ...draft, ...part });
  const acting = useActing(() => makeKey(requestOf(draft)), onDone);
  const isReady =
    draft.name.trim() !== '' &&
    draft.tenant.trim() !== '' &&
    draft.roles.length > 0 &&
    draft.reason.trim() !== '';
  return (
    <DialogForm
      verb="Make the key"
      isReady={isReady}
      acting={acting}
      onSubmit={acting.mutate}
      onCancel={onCancel}
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
      <NameField
        description="Of the person or the application: it stands in the audit."
        value={draft.name}
        onChange={(name) => onChange({ name })}
      />
      <RoleChoice chosen={draft.roles} onChange={(chosen) => onChange({ roles: chosen })} />
      <TextInput
        label="Tenant"
        description="One tenant; or *, for all of them and for what belongs to none."
        required
        maxLength={64}
        autoComplete="off"
        spellCheck={false}
        value={draft.tenant}
        onChange={(event) => onChange({ tenant: event.currentTarget.value.trim() })}
      />
      <Select
        label="It ends"
        allowDeselect={false}
        data={lifetimes}
        value={draft.lifetime}
        onChange={(lifetime) => onChange({ lifetime: lifetime ?? LIFETIME_DEFAULT })}
      />
    </>
  );
}

interface RoleChoiceProps {
  readonly chosen: readonly Role[];
  readonly onChange: (chosen: readonly Role[]) => void;
}

function RoleChoice({ chosen, onChange }: RoleChoiceProps) {
  return (
    <Checkbox.Group
      label="Roles"
      description="No more than it needs."
      required
      value={[...chosen]}
      onChange={(values) => onChange(roles.filter((role) => values.includes(role)))}
    >
      <Stack gap={6} mt={6}>
        {roles.map((role) => (
          <Checkbox key={role} size="xs" value={role} label={role} description={roleWords[role]} />
        ))}
      </Stack>
    </Checkbox.Group>
  );
}

function requestOf({ name, tenant, roles: chosen, lifetime, reason }: Draft): KeyRequest {
  const request = {
    name: name.trim(),
    grants: [{ tenant, roles: [...chosen] }],
    reason: reason.trim(),
  };
  if (lifetime === '') return request;
  const expiresAt = new Date(Date.now() + Number(lifetime) * DAY_MS).toISOString();
  return { ...request, expiresAt };
}
