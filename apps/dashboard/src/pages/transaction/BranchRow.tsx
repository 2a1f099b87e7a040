import type { BranchView } from '@concordat/wire';
import type {
  BranchDetailView,
  BranchTruthView,
  TransactionDetailView,
} from '@concordat/wire/operations';
import { StateBadge } from '../../components/Badges.js';
import { Time } from '../../components/Time.js';
import { VerdictCard } from '../../components/VerdictCard.js';
import { severityWords } from '../../components/words.js';
import { BranchMenu } from './actions/BranchMenu.js';
import { ParticipantSays } from './ParticipantSays.js';

interface BranchRowProps {
  readonly branch: BranchView;
  readonly plan: BranchDetailView | undefined;
  readonly truth: BranchTruthView | undefined;
  readonly detail: TransactionDetailView;
}

export function BranchRow({ branch, plan, truth, detail }: BranchRowProps) {
  const severity = truth?.verdict.severity;
  const isWrong = severity === 'danger' || truth?.participantSays.byHand === true;
  return (
    <tr
      role="row"
      data-branch={branch.id}
      data-tone={severity === undefined ? undefined : severityWords[severity].tone}
      data-wrong={isWrong || undefined}
    >
      <th role="rowheader" scope="row">
        <Identity branch={branch} plan={plan} />
      </th>
      <td role="cell" data-label="Journal says">
        <StateBadge tone="neutral">
          {(truth?.journalSays ?? branch.state).replaceAll('-', ' ')}
        </StateBadge>
        {truth?.outstanding !== undefined && (
          <p className="soft">{truth.outstanding} is outstanding</p>
        )}
        <Attempts branch={branch} />
      </td>
      <td role="cell" data-label="Participant says">
        {truth === undefined ? (
          <span className="soft">not asked yet</span>
        ) : (
          <ParticipantSays observation={truth.participantSays} />
        )}
      </td>
      <td role="cell" data-label="Verdict">
        {truth === undefined ? '–' : <VerdictCard verdict={truth.verdict} compact />}
      </td>
      <td role="cell" data-label="Actions">
        <BranchMenu detail={detail} branch={branch.id} />
      </td>
    </tr>
  );
}

function Identity({ branch, plan }: Pick<BranchRowProps, 'branch' | 'plan'>) {
  return (
    <>
      <strong>{branch.id}</strong>
      {plan?.pivot === true && (
        <>
          {' '}
          <StateBadge tone="special" means="Once it is done, nothing is compensated any more.">
            pivot
          </StateBadge>
        </>
      )}
      <p className="soft">at {participantName(branch)}</p>
      {plan !== undefined && plan.dependsOn.length > 0 && (
        <p className="soft">after {plan.dependsOn.join(', ')}</p>
      )}
    </>
  );
}

/** Of the registry; else its address. */
function participantName({ participant }: BranchView): string {
  return typeof participant === 'string' ? participant : participant.url;
}

function Attempts({
  branch: { attempts, lastError, nextAttemptAt },
}: {
  readonly branch: BranchView;
}) {
  if (attempts === 0) return null;
  return (
    <>
      <p className="soft">
        {attempts} {attempts === 1 ? 'attempt' : 'attempts'} without a reply
        {lastError !== undefined && <>: {lastError}</>}
      </p>
      {nextAttemptAt !== undefined && (
        <p className="soft">
          next <Time at={nextAttemptAt} as="due" />
        </p>
      )}
    </>
  );
}
