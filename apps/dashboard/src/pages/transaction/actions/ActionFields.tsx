import { Checkbox, JsonInput, Radio, Stack } from '@mantine/core';
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
      <Radio.Group
        label="What is so at the participant"
        value={filled.as ?? ''}
        onChange={(value) => onChange({ as: answers.find((one) => one.value === value)?.value })}
        required
      >
        <Stack gap="xs" mt={6}>
          {answers.map((answer) => (
            <Radio key={answer.value} {...answer} />
          ))}
        </Stack>
      </Radio.Group>
      <JsonInput
        label="Result (JSON), if the operation would have answered one"
        autosize
        minRows={2}
        validationError="This is not JSON."
        value={filled.result}
        onChange={(result) => onChange({ result })}
      />
      <Checkbox
        label="The participant cannot confirm it, or says otherwise; I know that."
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
    <Radio.Group
      label="How the branch is to end, whatever was decided"
      value={filled.outcome ?? ''}
      onChange={(value) =>
        onChange({ outcome: outcomes.find((one) => one.value === value)?.value })
      }
      required
    >
      <Stack gap="xs" mt={6}>
        {outcomes.map((outcome) => (
          <Radio key={outcome.value} {...outcome} />
        ))}
      </Stack>
    </Radio.Group>
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
