import { Button, Group, Text } from '@mantine/core';
import { IconChevronRight, IconChevronsLeft } from '@tabler/icons-react';
import classes from './KeysetPages.module.css';

interface KeysetPagesProps {
  /** How many rows this page has. */
  readonly count: number;
  /** Where this page begins; undefined: at the first row. */
  readonly cursor: string | undefined;
  /** Where the next page begins; null: this is the last. */
  readonly next: string | null;
  readonly onGo: (cursor: string | undefined) => void;
}

/** The page before this one is the browser's own “back”: each page has its address. */
export function KeysetPages({ count, cursor, next, onGo }: KeysetPagesProps) {
  if (cursor === undefined && next === null) return null;
  return (
    <nav aria-label="Pages of this list" className={classes['pages']}>
      <Text size="sm" c="dimmed">
        {count} on this page{next === null ? ', the last' : ', and there are more'}
      </Text>
      <Group gap="xs">
        <Button
          variant="default"
          size="xs"
          disabled={cursor === undefined}
          leftSection={<IconChevronsLeft size={15} />}
          onClick={() => onGo(undefined)}
        >
          To the first
        </Button>
        <Button
          variant="default"
          size="xs"
          disabled={next === null}
          rightSection={<IconChevronRight size={15} />}
          onClick={() => onGo(next ?? undefined)}
        >
          Next page
        </Button>
      </Group>
    </nav>
  );
}
