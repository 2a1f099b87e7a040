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
  /** To be read on a phone too. */
  readonly isNews: boolean;
}

const words: { readonly [L in Liveness | 'silent']: LiveWord } = {
  connecting: {
    tone: 'wait',
    label: 'connecting',
    means: 'The page is asking to be told of changes.',
    isNews: false,
  },
  live: {
    tone: 'fine',
    label: 'live',
    means: 'Changes are shown within a second or two.',
    isNews: false,
  },
  polling: {
    tone: 'attention',
    label: 'every 5 s',
    means: 'No events come from the coordinator; the page asks it.',
    isNews: true,
  },
  silent: {
    tone: 'danger',
    label: 'no answer',
    means: 'The coordinator does not answer: what is shown is old.',
    isNews: true,
  },
};

/** Whether what is on the page is of this moment. */
export function LiveMark() {
  const liveness = useLiveness();
  // with the first question that has no answer, though it is asked again
  const { failureCount } = useQuery(overviewQuery(WINDOW_DEFAULT_MS));
  const { tone, label, means, isNews } = words[failureCount > 0 ? 'silent' : liveness];
  return (
    <Tooltip label={means}>
      <span className={classes['live']} role="status" data-tone={tone}>
        <span className={classes['dot']} aria-hidden="true" />
        {isNews ? <span>{label}</span> : <RoomPermitting>{label}</RoomPermitting>}
      </span>
    </Tooltip>
  );
}
