import { Anchor } from '@mantine/core';
import type { ApprovalView } from '@concordat/wire/operations';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { transactionQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { Decision } from '../../api/steering.js';
import { decideApproval } from '../../api/steering.js';
import type { Deed } from '../../components/action/ReasonDialog.js';
import { CopyableBlock } from '../../components/Copyable.js';
import { Fact, Facts } from '../../components/Facts.js';
import { GuardedButton, takes } from '../../components/GuardedButton.js';
import { Panel } from '../../components/Panel.js';
import { Time } from '../../components/Time.js';
import classes from './Approvals.module.css';
import { approvalWords, inWords, isOfOrphan } from './words.js';

interface PendingProps {
  readonly approval: ApprovalView;
  readonly onDecide: (deed: Deed) => void;
}

export function Pending({ approval, onDecide }: PendingProps) {
  const { mayApprove, whyNot, tenant } = approval;
  const may = useMay('outcomes.force', tenant);
  return (
    <Panel title={inWords(approval)}>
      <WhatIsAsked approval={approval} />
      <div className={classes['decide']}>
        <GuardedButton
          whyNot={mayApprove ? undefined : (whyNot ?? 'It may not be approved.')}
          color="red.9"
          onClick={() => onDecide(deedOf(approval, 'approve'))}
        >
          Approve …
        </GuardedButton>
        <GuardedButton
          whyNot={takes('outcomes.force', may)}
          variant="default"
          onClick={() => onDecide(deedOf(approval, 'reject'))}
        >
          Reject …
        </GuardedButton>
        {!mayApprove && (
          <span className="soft">
            {whyNot} To reject it takes nobody else: whoever has asked can take it back so.
          </span>
        )}
      </div>
    </Panel>
  );
}

/** What the first person has seen, so that the second can see it too. */
function WhatIsAsked({ approval }: { readonly approval: ApprovalView }) {
  const { gtid, branch, resourceManager, gid, tenant } = approval;
  const { askedBy, askedAt, expiresAt, reason, evidence } = approval;
  return (
    <>
      <Facts>
        <Fact name="Asked">
          by <strong>{askedBy}</strong>, <Time at={askedAt} />
        </Fact>
        <Fact name="Expires">
          <Time at={expiresAt} />
        </Fact>
        {gtid !== undefined && isOfOrphan(approval) && (
          <Fact name="Transaction">{gtid}, which is not in the journal</Fact>
        )}
        {gtid !== undefined && !isOfOrphan(approval) && (
          <>
            <Fact name="Transaction">
              <Anchor
                fz="inherit"
                renderRoot={(props) => (
                  <Link to="/transactions/$gtid" params={{ gtid }} {...props} />
                )}
              >
                {gtid}
              </Anchor>
            </Fact>
            <Fact name="Decision">
              <Against gtid={gtid} outcome={approval.outcome} />
            </Fact>
          </>
        )}
        {branch !== undefined && <Fact name="Branch">{branch}</Fact>}
        {resourceManager !== undefined && <Fact name="Database">{resourceManager}</Fact>}
        {gid !== undefined && <Fact name="Its name there">{gid}</Fact>}
        <Fact name="Tenant">{tenant === '*' ? 'none: the whole installation' : tenant}</Fact>
      </Facts>
      <p className={classes['why']}>
        <strong>Why:</strong> {reason}
      </p>
      <p className={classes['label']}>Evidence:</p>
      <CopyableBlock text={evidence} what="the evidence" />
    </>
  );
}

/** What was decided, and how what is asked for stands to it. */
function Against({ gtid, outcome }: { readonly gtid: string } & Pick<ApprovalView, 'outcome'>) {
  const { data } = useQuery(transactionQuery(gtid));
  if (data === undefined) return <>not known yet</>;
  const { decision } = data.transaction;
  if (decision === 'undecided') {
    return (
      <>
        none yet; <strong>this would decide for all</strong>
      </>
    );
  }
  if (decision === outcome) return <>{decision}; this is as was decided</>;
  return (
    <>
      {decision}; <strong>this is against it</strong>
    </>
  );
}

function deedOf(approval: ApprovalView, decision: Decision): Deed {
  const { id, outcome, askedBy } = approval;
  const what = inWords(approval);
  const submit = async (reason: string): Promise<string> => {
    const { state, said } = await decideApproval(id, decision, reason);
    return said ?? approvalWords[state].means;
  };
  if (decision === 'reject') {
    return {
      title: 'Reject',
      explanation: `${what}, as ${askedBy} has asked: it will not be done. It can be asked for again.`,
      submit,
    };
  }
  return {
    title: 'Approve',
    explanation: (
      <>
        <strong>{what}</strong>, as {askedBy} has asked. It is done at once, whatever was decided,
        and cannot be taken back. Look at the transaction before: you answer for it too.
      </>
    ),
    isDangerous: true,
    typedWord: outcome,
    submit,
  };
}
