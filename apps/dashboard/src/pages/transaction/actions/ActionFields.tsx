import { Checkbox, JsonInput, Stack } from '@mantine/core';
import { Choice } from '../../../components/action/fields.js';
import type { Filled } from './filled.js';

interface FieldsProps {
  readonly filled: Filled;
  readonly onChange: (part: Partial<Filled>) => void;
}

const answers = [
  {
    value: 'done',
    label: 'Done',
    description:
      'The outstanding call has had its effect: the order was obeyed, the step executed.',
  },
  { value: 'refused', label: 'Refused', description: 'It answered no, and nothing was done.' },
] as const;

export function ResolveFields({ filled, onChange }: FieldsProps) {
  return (
    <Stack gap="sm">
      <Choice
        label="What is so at the participant"
        options={answers}
        value={filled.as}
        onChange={(as) => onChange({ as })}
      />
      <JsonInput
        label="Result (JSON), if the operation would have answered one"
        autosize
        minRows={2}
        validationError="This is not JSON."
        value={filled.result}
        onChange={(result) => onChange({ result })}
      />
      <Checkbox
        label="The participant cannot confirm it; I know that."
        checked={filled.unconfirmed}
        onChange={(event) => onChange({ unconfirmed: event.currentTarget.checked })}
      />
    </Stack>
  );
}

const outcomes = [
  { value: 'commit', label: 'Commit', description: 'Its work becomes permanent.' },
  { value: 'rollback', label: 'Roll back', description: 'Its work is undone.' },
] as const;

export function ForceFields({ filled, onChange }: FieldsProps) {
  return (
    <Choice
      label="How the branch is to end, whatever was decided"
      options={outcomes}
      value={filled.outcome}
      onChange={(outcome) => onChange({ outcome })}
    />
  );
}

export function AmendFields({ filled, onChange }: FieldsProps) {
  return (
    <JsonInput
      label="The payload (JSON) in the place of the present one"
      required
      autosize
      minRows={5}
      formatOnBlur
      validationError="This is not JSON."
      value={filled.payload}
      onChange={(payload) => onChange({ payload })}
    />
  );
}
