// The whole page in one sentence.
import type { CauseView, OverviewView } from '@concordat/wire/operations';
import { IconAlertOctagon, IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react';
import { Notice } from '../../components/Notice.js';
import { isSeen } from '../../components/databases.js';
import { plural } from '../../components/numbers.js';

export function Headline({ overview }: { readonly overview: OverviewView }) {
  const { now, causes, missing, participants } = overview;
  const broken = causes.filter(({ harm }) => harm === 'heuristic');
  const stuck = causes.filter(({ harm }) => harm !== 'heuristic');
  if (now.sessionsBlocked > 0) {
    return (
      <Notice tone="danger" icon={IconAlertOctagon}>
        <strong>
          {plural(now.sessionsBlocked, 'session is', 'sessions are')} blocked by branches that are
          prepared.
        </strong>{' '}
        {blockersInWords(causes)}
      </Notice>
    );
  }
  if (broken.length > 0) {
    return (
      <Notice tone="danger" icon={IconAlertOctagon}>
        <strong>
          {plural(now.heuristicsUnforgotten, 'transaction has', 'transactions have')} ended, and not
          as decided.
        </strong>{' '}
        {now.stuck > 0 && `${plural(now.stuck, 'other is', 'others are')} stuck.`}
      </Notice>
    );
  }
  if (stuck.length > 0) {
    return (
      <Notice tone="attention" icon={IconAlertTriangle}>
        <strong>{plural(now.stuck, 'transaction is', 'transactions are')} stuck,</strong> of{' '}
        {plural(stuck.length, 'cause', 'causes')}.
        {isSeen(participants) &&
          ` No session is blocked${missing.length === 0 ? '' : ', as far as could be asked'}.`}
      </Notice>
    );
  }
  return (
    <Notice tone={missing.length === 0 ? 'fine' : 'neutral'} icon={IconCircleCheck}>
      <strong>Nothing is stuck{missing.length === 0 ? '' : ', as far as could be asked'}.</strong>{' '}
      {plural(now.unfinished, 'transaction is', 'transactions are')} under way.
    </Notice>
  );
}

function blockersInWords(causes: readonly CauseView[]): string {
  const blocking = causes.filter(({ sessionsBlocked }) => sessionsBlocked > 0);
  const [first] = blocking;
  if (first === undefined) return 'See which, below.';
  const others =
    blocking.length > 1 ? `, and ${plural(blocking.length - 1, 'other', 'others')}` : '';
  return `The cause: ${first.operation} at ${first.participant}: ${first.error}${others}.`;
}
