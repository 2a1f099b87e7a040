import { NativeSelect, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { Change } from '../../app/search.js';
import type { Choice, ChoiceFilter, Filter } from './filters.js';
import classes from './Transactions.module.css';
import { choiceInWords, metadataFilter } from './filters.js';

interface FilterFieldProps {
  readonly filter: Filter;
  /** Empty: it is not set. */
  readonly value: string;
  readonly onChange: (value: string | undefined) => void;
}

export function FilterField({ filter, value, onChange }: FilterFieldProps) {
  switch (filter.kind) {
    case 'choice':
      return (
        <NativeSelect
          size="xs"
          label={filter.label}
          value={value}
          onChange={(event) => onChange(event.currentTarget.value)}
          data={choicesOf(filter, value)}
        />
      );
    case 'text':
      return (
        <TextFilterField
          // another value from outside begins anew
          key={value}
          label={filter.label}
          placeholder={filter.placeholder}
          value={value}
          onChange={onChange}
        />
      );
    case 'time':
      return <TimeFilterField label={filter.label} value={value} onChange={onChange} />;
    default:
      return filter satisfies never;
  }
}

/** What is set can be seen, whoever has put it into the address. */
function choicesOf(filter: ChoiceFilter, value: string): Choice[] {
  const all = [{ value: '', label: 'any' }, ...filter.choices];
  if (all.some((choice) => choice.value === value)) return all;
  return [...all, { value, label: choiceInWords(filter, value) }];
}

interface TextFieldProps {
  readonly label: string;
  readonly placeholder: string;
  readonly value: string;
  readonly onChange: (value: string | undefined) => void;
}

/** Asks once it is finished: with Enter, or when one goes on. */
function TextFilterField({ label, placeholder, value, onChange }: TextFieldProps) {
  const [text, setText] = useState(value);
  const finish = (): void => {
    if (text.trim() !== value) onChange(text.trim());
  };
  return (
    <form onSubmit={(event) => (event.preventDefault(), finish())}>
      <TextInput
        size="xs"
        label={label}
        placeholder={placeholder}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onBlur={finish}
        autoComplete="off"
        spellCheck={false}
      />
    </form>
  );
}

/** Chosen in the time of this machine, asked in UTC. */
function TimeFilterField({ label, value, onChange }: Omit<TextFieldProps, 'placeholder'>) {
  return (
    <TextInput
      size="xs"
      className={classes['wide'] ?? ''}
      type="datetime-local"
      label={`${label}, in your time`}
      value={localOf(value)}
      onChange={(event) => onChange(utcOf(event.currentTarget.value))}
    />
  );
}

/** Any entry of the metadata: `order=42`. */
export function MetadataField({ onChange }: { readonly onChange: (change: Change) => void }) {
  const [text, setText] = useState('');
  const filter = metadataFilter(text);
  const add = (event: React.FormEvent): void => {
    event.preventDefault();
    if (filter === undefined) return;
    onChange({ [filter[0]]: filter[1] });
    setText('');
  };
  return (
    <form onSubmit={add}>
      <TextInput
        size="xs"
        label="Metadata"
        placeholder="order=42, Enter"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        autoComplete="off"
        spellCheck={false}
      />
    </form>
  );
}

const MINUTE_MS = 60_000;

function localOf(utc: string): string {
  const at = new Date(utc);
  if (Number.isNaN(at.getTime())) return '';
  const shifted = new Date(at.getTime() - at.getTimezoneOffset() * MINUTE_MS);
  return shifted.toISOString().slice(0, 'YYYY-MM-DDThh:mm'.length);
}

function utcOf(local: string): string | undefined {
  const at = new Date(local);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}
