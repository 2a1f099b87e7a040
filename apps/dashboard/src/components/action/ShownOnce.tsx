import { Button, Group, Stack } from '@mantine/core';
import { IconKey } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { CopyableBlock } from '../Copyable.js';
import { Notice } from '../Notice.js';

interface ShownOnceProps {
  readonly secret: string;
  /** As in “copy …”. */
  readonly what: string;
  readonly onClose: () => void;
  /** What it is for, and that it is not shown again. */
  readonly children: ReactNode;
}

/** What the server has made and tells nobody again: the dialog stays until one has it. */
export function ShownOnce({ secret, what, onClose, children }: ShownOnceProps) {
  return (
    <Stack gap="sm" role="status">
      <Notice tone="attention" icon={IconKey}>
        {children}
      </Notice>
      <CopyableBlock text={secret} what={what} />
      <Group justify="flex-end">
        <Button onClick={onClose}>I have it</Button>
      </Group>
    </Stack>
  );
}
