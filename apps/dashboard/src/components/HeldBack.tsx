// What people hold back, and may have forgotten: nothing of it goes on by itself.
import type { OverviewView, TriageItemView } from '@concordat/wire/operations';
import { IconPlayerPause } from '@tabler/icons-react';
import { Notice } from './Notice.js';
import { plural } from './numbers.js';
import { waitsForPaused } from './paused.js';
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
      {paused.map(({ name, by, reason, since }) => (
        <span key={name}>
          {' '}
          <strong>{name}</strong> is called by nobody: paused by {by} <Time at={since} />, “{reason}
          ”.
        </span>
      ))}
    </Notice>
  );
}

/** On a transaction: whether a person holds it back, or a participant that it waits for. */
export function HeldBackHere({ transaction }: { readonly transaction: TriageItemView }) {
  const { paused, why, phase } = transaction;
  const isWaiting = why !== null && waitsForPaused(why);
  if (phase === 'ended' || (!paused && !isWaiting)) return null;
  return (
    <Notice tone="wait" icon={IconPlayerPause}>
      <strong>
        {paused ? 'This transaction is paused.' : 'It waits for a paused participant.'}
      </strong>{' '}
      {paused
        ? 'Nothing is sent until somebody resumes it; replies and the deadline count all the same.'
        : `${why}. Resume the participant; to retry the transaction calls nobody.`}
    </Notice>
  );
}
