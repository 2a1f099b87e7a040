import { Anchor } from '@mantine/core';
import type { ApprovalView } from '@concordat/wire/operations';
import { Link } from '@tanstack/react-router';
import { StateBadge } from '../../components/Badges.js';
import type { Column } from '../../components/DataTable.js';
import { Time } from '../../components/Time.js';
import classes from './Approvals.module.css';
import { approvalWords, inWords } from './words.js';

export const columns: readonly Column<ApprovalView>[] = [
  {
    key: 'state',
    header: 'State',
    cell: ({ state }) => (
      <StateBadge tone={approvalWords[state].tone} means={approvalWords[state].means}>
        {approvalWords[state].label}
      </StateBadge>
    ),
  },
  {
    key: 'what',
    header: 'What',
    isRowHeader: true,
    cell: (approval) => (
      <>
        {inWords(approval)}
        <Where {...approval} />
      </>
    ),
  },
  {
    key: 'asked',
    header: 'Asked',
    cell: ({ askedBy, askedAt }) => (
      <>
        {askedBy}
        <div className={classes['soft']}>
          <Time at={askedAt} />
        </div>
      </>
    ),
  },
  {
    key: 'decided',
    header: 'Decided',
    cell: ({ decidedBy, decidedAt }) =>
      decidedBy === undefined ? (
        '–'
      ) : (
        <>
          {decidedBy}
          {decidedAt !== undefined && (
            <div className={classes['soft']}>
              <Time at={decidedAt} />
            </div>
          )}
        </>
      ),
  },
  {
    key: 'why',
    header: 'Why, and what came of it',
    grow: true,
    cell: ({ reason, said }) => (
      <>
        {reason}
        {said !== undefined && <div className={classes['soft']}>{said}</div>}
      </>
    ),
  },
];

function Where({ gtid, gid, resourceManager }: ApprovalView) {
  return (
    <div className={classes['soft']}>
      {gtid === undefined ? (
        gid
      ) : (
        <Anchor
          fz="inherit"
          renderRoot={(props) => <Link to="/transactions/$gtid" params={{ gtid }} {...props} />}
        >
          {gtid}
        </Anchor>
      )}
      {resourceManager !== undefined && ` in ${resourceManager}`}
    </div>
  );
}
