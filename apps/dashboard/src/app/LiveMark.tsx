import { Tooltip } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Liveness } from '../api/live.js';
import { useLiveness } from '../api/live.js';
import { overviewQuery } from '../api/queries.js';
import { RoomPermitting } from '../components/room.js';
import type { Tone } from '../components/words.js';
import { WINDOW_DEFAULT_MS } from '../pages/overview/windows.js';
import classes from './Shell.module.css';

interface LiveWord {
  readonly tone: Tone;
  readonly label: string;
  readonly means: string;
}

const words: { readonly [L in Liveness | 'silent']: LiveWord } = {
  connecting: {
    tone: 'wait',
    label: 'connecting',
    means: 'The page is asking to be told of changes.',
  },
  live: { tone: 'fine', label: 'live', means: 'Changes are shown within a second or two.' },
  polling: {
    tone: 'attention',
    label: 'every 5 s',
    means: 'No events come from the coordinator; the page asks it.',
  },
  silent: {
    tone: 'danger',
    label: 'no answer',
    means: 'The coordinator does not answer: what is shown is old.',
  },
};

/** Whether what is on the page is of this moment. */
export function LiveMark() {
  const liveness = useLiveness();
  const { isError } = useQuery(overviewQuery(WINDOW_DEFAULT_MS));
  const { tone, label, means } = words[isError ? 'silent' : liveness];
  return (
    <Tooltip label={means}>
      <span className={classes['live']} role="status" data-tone={tone}>
        <span className={classes['dot']} aria-hidden="true" />
        <RoomPermitting>{label}</RoomPermitting>
      </span>
    </Tooltip>
  );
}
