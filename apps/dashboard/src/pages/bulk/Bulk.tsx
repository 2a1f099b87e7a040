import { Anchor, Progress } from '@mantine/core';
import type { BulkView } from '@concordat/wire/operations';
import { Link } from '@tanstack/react-router';
import { useMay } from '../../api/session.js';
import type { Deed } from '../../components/action/ReasonDialog.js';
import { WordBadge } from '../../components/Badges.js';
import { Fact, Facts } from '../../components/Facts.js';
import { SmallButton, takes } from '../../components/GuardedButton.js';
import { count, plural } from '../../components/numbers.js';
import { Panel } from '../../components/Panel.js';
import { duration } from '../../components/moments.js';
import { Time } from '../../components/Time.js';
import { bulkChoices } from '../transactions/bulk.js';
import { inWords } from '../transactions/filters.js';
import classes from './Bulk.module.css';
import { bulkWords, deedOf, isOffered, leftOf, steerings, whyNotSteer } from './steering.js';

interface BulkProps {
  readonly bulk: BulkView;
  readonly onSteer: (deed: Deed) => void;
}

export function Bulk({ bulk, onSteer }: BulkProps) {
  const { action, state, filter, said } = bulk;
  const set = Object.entries(filter).map(([name, value]) => inWords(name, value));
  const title = bulkChoices.find((choice) => choice.action === action)?.label ?? action;
  return (
    <Panel
      title={
        <>
          {title} <WordBadge {...bulkWords[state]} />
        </>
      }
      aside={<Steer bulk={bulk} onSteer={onSteer} />}
    >
      <p className={classes['what']}>
        {set.length === 0 ? 'Every transaction there was' : `What matched: ${set.join(', ')}`}
      </p>
      <HowFar bulk={bulk} />
      {said !== undefined && <p className={classes['what']}>{said}</p>}
      <WhatWasAsked bulk={bulk} />
      <Failures bulk={bulk} />
    </Panel>
  );
}

function Steer({ bulk, onSteer }: BulkProps) {
  const may = useMay('transactions.operate');
  const offered = steerings.filter(({ how }) => isOffered(bulk, how));
  return (
    <>
      {offered.map(({ how, label }) => (
        <SmallButton
          key={how}
          whyNot={takes('transactions.operate', may) ?? whyNotSteer(bulk, how)}
          onClick={() => onSteer(deedOf(bulk, how))}
        >
          {label} …
        </SmallButton>
      ))}
    </>
  );
}

function HowFar({ bulk }: { readonly bulk: BulkView }) {
  const { total, done, unchanged, failed } = bulk;
  const parts = [
    ['done', done, 'var(--series-fine)'],
    ['with nothing to do', unchanged, 'var(--series-plain)'],
    ['failed', failed, 'var(--series-danger)'],
  ] as const;
  const past = done + unchanged + failed;
  return (
    <div className={classes['far']}>
      <Progress.Root size="lg" radius="sm">
        {parts.map(([label, number, color]) => (
          <Progress.Section
            key={label}
            value={total === 0 ? 0 : (number / total) * 100}
            color={color}
            aria-label={`${label}: ${number} of ${total}`}
          />
        ))}
      </Progress.Root>
      <p className="numeric">
        <strong>
          {count(past)} of {count(total)}
        </strong>
        {': '}
        {parts.map(([label, number]) => `${count(number)} ${label}`).join(', ')}
        {leftOf(bulk) > 0 && `; ${count(leftOf(bulk))} left`}
      </p>
    </div>
  );
}

function WhatWasAsked({ bulk }: { readonly bulk: BulkView }) {
  const { askedBy, askedAt, endedAt, reason, perSecondMax, state } = bulk;
  const leftMs = (leftOf(bulk) / perSecondMax) * 1_000;
  return (
    <Facts>
      <Fact name="Asked">
        by <strong>{askedBy}</strong>, <Time at={askedAt} />
      </Fact>
      <Fact name="Why">{reason}</Fact>
      <Fact name="At most">{count(perSecondMax)} a second</Fact>
      {endedAt !== undefined && (
        <Fact name="Ended">
          <Time at={endedAt} />
        </Fact>
      )}
      {state === 'running' && <Fact name="Takes at least">{duration(leftMs)} more</Fact>}
    </Facts>
  );
}

function Failures({ bulk: { failures, failed } }: { readonly bulk: BulkView }) {
  if (failures.length === 0) return null;
  const isAll = failures.length >= failed;
  return (
    <details className={classes['failures']}>
      <summary>
        {plural(failed, 'failure', 'failures')}
        {!isAll && `; the last ${count(failures.length)} are shown`}
      </summary>
      <ul>
        {failures.map(({ gtid, said }) => (
          <li key={gtid}>
            <Anchor
              fz="inherit"
              renderRoot={(props) => <Link to="/transactions/$gtid" params={{ gtid }} {...props} />}
            >
              {gtid}
            </Anchor>
            : {said}
          </li>
        ))}
      </ul>
    </details>
  );
}
