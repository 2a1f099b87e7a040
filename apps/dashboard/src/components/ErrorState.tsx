import { Button } from '@mantine/core';
import { IconCloudOff } from '@tabler/icons-react';
import { EmptyState } from './EmptyState.js';

interface ErrorStateProps {
  readonly title: string;
  readonly detail: string;
  readonly onRetry: () => void;
}

export function ErrorState({ title, detail, onRetry }: ErrorStateProps) {
  return (
    <div role="alert">
      <EmptyState icon={IconCloudOff} tone="danger" title={title}>
        <p>{detail}</p>
        <Button variant="default" onClick={onRetry}>
          Try again
        </Button>
      </EmptyState>
    </div>
  );
}
