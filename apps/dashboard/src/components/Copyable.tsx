import { ActionIcon, CopyButton, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import classes from './Copyable.module.css';

interface CopyableProps {
  /** What is copied. */
  readonly text: string;
  /** As in “copy …”. */
  readonly what: string;
  /** What is shown; else the text. */
  readonly children?: ReactNode;
}

/** Something that is needed elsewhere: an id, a statement. */
export function Copyable({ text, what, children }: CopyableProps) {
  return (
    <span className={classes['inline']}>
      <span className={classes['text']}>{children ?? <code>{text}</code>}</span>
      <CopyIcon text={text} what={what} />
    </span>
  );
}

/** Of several lines: SQL, JSON, Markdown. As text, whatever is in it. */
export function CopyableBlock({ text, what }: CopyableProps) {
  return (
    <div className={classes['block']}>
      {/* it scrolls, so it can be reached by the keyboard */}
      <pre tabIndex={0} aria-label={what}>
        {text}
      </pre>
      <CopyIcon text={text} what={what} />
    </div>
  );
}

function CopyIcon({ text, what }: CopyableProps) {
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? 'copied' : `copy ${what}`} withArrow>
          <ActionIcon
            size="sm"
            variant="subtle"
            color="gray"
            onClick={copy}
            aria-label={copied ? `${what}: copied` : `copy ${what}`}
          >
            {copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}
