import type { ObservationView } from '@concordat/wire/operations';
import { ObservedBadge, StateBadge } from '../../components/Badges.js';
import { CopyableBlock } from '../../components/Copyable.js';
import { latency } from '../../components/numbers.js';
import { Time } from '../../components/Time.js';
import classes from './Branches.module.css';

const sources: { readonly [S in ObservationView['source']]: string } = {
  'resource-manager': 'its database was asked',
  participant: 'the participant was asked',
  none: 'nobody: it takes no questions',
};

/** What was seen, when, and how: so that a person can see it again without us. */
export function ParticipantSays({ observation }: { readonly observation: ObservationView }) {
  const { observed, byHand, evidence, since, at, tookMs, source, query } = observation;
  return (
    <>
      <ObservedBadge observed={observed} />
      {byHand && (
        <>
          {' '}
          <StateBadge tone="danger" means="Its state contradicts the journal.">
            by hand
          </StateBadge>
        </>
      )}
      <p>{evidence}</p>
      {since !== undefined && (
        <p className="soft">
          {observed === 'prepared' ? 'prepared' : 'known'} since <Time at={since} as="age" />
        </p>
      )}
      <p className="soft">
        {sources[source]} <Time at={at} />, in {latency(tookMs)}
      </p>
      {query !== undefined && (
        <details className={classes['query']}>
          <summary>What was asked</summary>
          <CopyableBlock text={query} what="the query" />
        </details>
      )}
    </>
  );
}
