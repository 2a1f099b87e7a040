// The fields that forms of two dialogs have.
import { Radio, Stack, Textarea, TextInput } from '@mantine/core';
import { oneLine } from '../text.js';

const NAME_LENGTH_MAX = 60;
const REASON_LENGTH_MAX = 500;

export interface FieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** Of what is made. The dialog begins there. */
export function NameField({
  value,
  onChange,
  description,
}: FieldProps & { readonly description?: string }) {
  return (
    <TextInput
      label="Name"
      description={description}
      required
      maxLength={NAME_LENGTH_MAX}
      autoComplete="off"
      data-autofocus
      value={value}
      onChange={(event) => onChange(oneLine(event.currentTarget.value))}
    />
  );
}

/** In every form whose request has a reason. @param isFirst the dialog begins there */
export function ReasonField({
  value,
  onChange,
  isFirst = false,
}: FieldProps & { readonly isFirst?: boolean }) {
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
      data-autofocus={isFirst || undefined}
    />
  );
}

/** So that no habit of clicking does what is dangerous. */
export function TypedWord({ word, value, onChange }: FieldProps & { readonly word: string }) {
  return (
    <TextInput
      label={`Type “${word}” to confirm`}
      required
      autoComplete="off"
      spellCheck={false}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

export interface Option<V extends string> {
  readonly value: V;
  readonly label: string;
  readonly description: string;
  readonly disabled?: boolean;
}

interface ChoiceProps<V extends string> {
  readonly label: string;
  readonly options: readonly Option<V>[];
  /** Undefined: nothing is chosen yet. */
  readonly value: V | undefined;
  readonly onChange: (value: V | undefined) => void;
}

/** One of a few, each with what it means. */
export function Choice<V extends string>({ label, options, value, onChange }: ChoiceProps<V>) {
  return (
    <Radio.Group
      label={label}
      required
      value={value ?? ''}
      onChange={(chosen) => onChange(options.find((option) => option.value === chosen)?.value)}
    >
      <Stack gap="xs" mt={6}>
        {options.map((option) => (
          <Radio key={option.value} {...option} />
        ))}
      </Stack>
    </Radio.Group>
  );
}
