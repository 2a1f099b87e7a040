import { Anchor, Button, Group, Stack } from '@mantine/core';
import { IconCircleCheck, IconCircleDashed, IconUsers } from '@tabler/icons-react';
import type { ActionResultView } from '@concordat/wire/operations';
import { Notice } from '../Notice.js';
import { sentence } from '../text.js';

const shown = {
  done: { tone: 'fine', icon: IconCircleCheck, title: 'Done.' },
  would: { tone: 'wait', icon: IconCircleDashed, title: 'Nothing was done.' },
  unchanged: { tone: 'wait', icon: IconCircleDashed, title: 'There was nothing to do.' },
  asked: { tone: 'wait', icon: IconUsers, title: 'Asked.' },
} as const;

interface ActionOutcomeProps {
  readonly result: ActionResultView;
  readonly onClose: () => void;
}

export function ActionOutcome({ result, onClose }: ActionOutcomeProps) {
  const { tone, icon, title } = shown[result.result];
  return (
    <Stack gap="sm" role="status">
      <Notice tone={tone} icon={icon}>
        <strong>{title}</strong> {sentence(result.said)}
      </Notice>
      <Group justify="space-between">
        {result.approvalId === undefined ? (
          <span>{result.auditId !== undefined && 'It is in the audit, with your reason.'}</span>
        ) : (
          <Anchor href="#/approvals" onClick={onClose}>
            See what waits for approval
          </Anchor>
        )}
        <Button onClick={onClose} data-autofocus>
          Close
        </Button>
      </Group>
    </Stack>
  );
}
