// What people hold back, and may have forgotten: nothing of it goes on by itself.
import type { OverviewView, TriageItemView } from '@concordat/wire/operations';
import { IconPlayerPause } from '@tabler/icons-react';
import { Notice } from './Notice.js';
import { plural } from './numbers.js';
import { Time } from './Time.js';

/** On the overview: paused participants and transactions. Nothing if there are none. */
export function HeldBackAnywhere({ overview }: { readonly overview: OverviewView }) {
  const { participants, now } = overview;
  const paused = participants.flatMap(({ name, paused: pause }) =>
    pause === null ? [] : [{ name, ...pause }],
  );
  if (paused.length === 0 && now.paused === 0) return null;
  return (
    <Notice tone="wait" icon={IconPlayerPause}>
      <strong>People hold something back.</strong>
      {now.paused > 0 &&
        ` ${plural(now.paused, 'transaction is', 'transactions are')} paused, and nothing is sent of them.`}
      {paused.map(({ name, ...pause }) => (
        <Pause key={name} name={name} {...pause} />
      ))}
    </Notice>
  );
}

/** On a transaction: whether a person holds it back, or a participant that it waits for. */
export function HeldBackHere({ transaction }: { readonly transaction: TriageItemView }) {
  const { paused, waitsForPaused, phase } = transaction;
  if (phase === 'ended' || (!paused && waitsForPaused.length === 0)) return null;
  return (
    <Notice tone="wait" icon={IconPlayerPause}>
      {paused && (
        <>
          <strong>This transaction is paused.</strong> Nothing is sent until somebody resumes it;
          replies and the deadline count all the same.{' '}
        </>
      )}
      {waitsForPaused.length > 0 && (
        <strong>
          {waitsForPaused.length === 1
            ? 'It waits for a paused participant.'
            : `It waits for ${waitsForPaused.length} paused participants.`}
        </strong>
      )}
      {waitsForPaused.map(({ participant, ...pause }) => (
        <Pause key={participant} name={participant} {...pause} />
      ))}
    </Notice>
  );
}

type PauseProps = Pick<TriageItemView['waitsForPaused'][number], 'by' | 'reason' | 'since'> & {
  readonly name: string;
};

function Pause({ name, by, reason, since }: PauseProps) {
  return (
    <span>
      {' '}
      <strong>{name}</strong> is called by nobody: paused by {by} <Time at={since} />, “{reason}”.
    </span>
  );
}
