import { Button, CopyButton } from '@mantine/core';
import { IconCheck, IconClipboardText } from '@tabler/icons-react';

/** For a ticket, in Markdown: the server writes it. */
export function CopySummary({ summary }: { readonly summary: string }) {
  return (
    <CopyButton value={summary}>
      {({ copied, copy }) => (
        <Button
          size="xs"
          variant="default"
          onClick={copy}
          leftSection={copied ? <IconCheck size={15} /> : <IconClipboardText size={15} />}
        >
          {copied ? 'Copied' : 'Copy incident summary'}
        </Button>
      )}
    </CopyButton>
  );
}
