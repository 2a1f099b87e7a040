// A key for a person or an application. What it says is shown once, and kept by nobody.
import { Button, Checkbox, Group, Modal, Select, Stack, TextInput } from '@mantine/core';
import type { KeyRequest, NewKeyView, Role } from '@concordat/wire/operations';
import { useMutation } from '@tanstack/react-query';
import { IconKey } from '@tabler/icons-react';
import { useState } from 'react';
import { useRefresh } from '../../api/actions.js';
import { makeKey } from '../../api/steering.js';
import { ReasonField } from '../../components/action/ReasonDialog.js';
import { Refused } from '../../components/action/Refused.js';
import { CopyableBlock } from '../../components/Copyable.js';
import { Notice } from '../../components/Notice.js';
import { oneLine } from '../../components/text.js';
import { roleWords } from '../../components/words.js';

interface MakeKeyProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
}

export function MakeKey({ isOpen, onClose }: MakeKeyProps) {
  const [made, setMade] = useState<NewKeyView>();
  const close = (): void => {
    setMade(undefined);
    onClose();
  };
  return (
    <Modal
      opened={isOpen}
      onClose={close}
      title={made === undefined ? 'Make a key' : 'The key is made'}
      size="lg"
      transitionProps={{ duration: 0 }}
      closeButtonProps={{ 'aria-label': 'Close' }}
      // what is shown once is not lost by a slip of the hand
      closeOnClickOutside={made === undefined}
      closeOnEscape={made === undefined}
    >
      {made === undefined ? (
        <KeyForm onDone={setMade} onCancel={close} />
      ) : (
        <Made made={made} onClose={close} />
      )}
    </Modal>
  );
}

function Made({ made, onClose }: { readonly made: NewKeyView; readonly onClose: () => void }) {
  return (
    <Stack gap="sm" role="status">
      <Notice tone="attention" icon={IconKey}>
        <strong>This is shown once.</strong> Only its hash is kept: whoever loses it needs another.
      </Notice>
      <CopyableBlock text={made.key} what={`the key ${made.name}`} />
      <Group justify="flex-end">
        <Button onClick={onClose}>I have it</Button>
      </Group>
    </Stack>
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
  const refresh = useRefresh();
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => makeKey(requestOf(draft)),
    onSuccess: async (made) => {
      onDone(made);
      await refresh();
    },
  });
  const isReady =
    draft.name.trim() !== '' &&
    draft.tenant.trim() !== '' &&
    draft.roles.length > 0 &&
    draft.reason.trim() !== '';
  const make = (event: React.FormEvent): void => {
    event.preventDefault();
    if (isReady) mutate();
  };
  return (
    <form onSubmit={make}>
      <Stack gap="sm">
        <Fields draft={draft} onChange={change} />
        <ReasonField value={draft.reason} onChange={(reason) => change({ reason })} />
        {error !== null && <Refused error={error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onCancel}>
            Do nothing
          </Button>
          <Button type="submit" disabled={!isReady} loading={isPending}>
            Make the key
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
        description="Of the person or the application: it stands in the audit."
        required
        maxLength={60}
        autoComplete="off"
        data-autofocus
        value={draft.name}
        onChange={(event) => onChange({ name: oneLine(event.currentTarget.value) })}
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
