import { Button, Select, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Change, Flat } from '../../app/search.js';
import classes from './Audit.module.css';
import { auditActions } from './words.js';

interface FiltersProps {
  readonly search: Flat;
  readonly onChange: (change: Change) => void;
}

export function Filters({ search, onChange }: FiltersProps) {
  const isSet = ['actor', 'gtid', 'action'].some((name) => search[name] !== undefined);
  const none = { actor: undefined, gtid: undefined, action: undefined };
  return (
    <search aria-label="Filter the audit" className={classes['filters']}>
      <Text
        label="Who, by their id"
        name="actor"
        placeholder="or press a name below"
        search={search}
        onChange={onChange}
      />
      <Select
        size="xs"
        label="What"
        placeholder="any action"
        clearable
        searchable
        data={auditActions}
        value={search['action'] ?? null}
        onChange={(value) => onChange({ action: value ?? undefined })}
      />
      <Text
        label="On the transaction"
        name="gtid"
        placeholder="its whole id"
        search={search}
        onChange={onChange}
      />
      {isSet && (
        <Button size="xs" variant="subtle" onClick={() => onChange(none)}>
          Remove all
        </Button>
      )}
    </search>
  );
}

interface TextProps extends FiltersProps {
  readonly label: string;
  readonly name: string;
  readonly placeholder: string;
}

/** Asks when it is left or entered, not with every letter. */
function Text({ label, name, placeholder, search, onChange }: TextProps) {
  const set = search[name] ?? '';
  const [typed, setTyped] = useState<{ readonly of: string; readonly text: string }>();
  // what is in the address goes before what was typed before it changed
  const text = typed?.of === set ? typed.text : set;
  const ask = (): void => {
    const next = text.trim();
    if (next !== set) onChange({ [name]: next === '' ? undefined : next });
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        ask();
      }}
    >
      <TextInput
        size="xs"
        label={label}
        placeholder={placeholder}
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => setTyped({ of: set, text: event.currentTarget.value })}
        onBlur={ask}
      />
    </form>
  );
}
