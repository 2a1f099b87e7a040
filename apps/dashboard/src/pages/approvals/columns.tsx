import { Anchor } from '@mantine/core';
import type { ApprovalView } from '@concordat/wire/operations';
import { Link } from '@tanstack/react-router';
import { WordBadge } from '../../components/Badges.js';
import type { Column } from '../../components/DataTable.js';
import { Time } from '../../components/Time.js';
import classes from './Approvals.module.css';
import { approvalWords, inWords } from './words.js';

export const columns: readonly Column<ApprovalView>[] = [
  {
    key: 'state',
    header: 'State',
    cell: ({ state }) => <WordBadge {...approvalWords[state]} />,
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
    cell: ({ askedBy, askedAt }) => <Who name={askedBy} at={askedAt} />,
  },
  {
    key: 'decided',
    header: 'Decided',
    cell: ({ decidedBy, decidedAt }) =>
      decidedBy === undefined ? '–' : <Who name={decidedBy} at={decidedAt} />,
  },
  {
    key: 'why',
    header: 'Why, and what came of it',
    grow: true,
    cell: ({ reason, said }) => (
      <div className="anywhere">
        {reason}
        {said !== undefined && <div className="soft">{said}</div>}
      </div>
    ),
  },
];

interface WhoProps {
  readonly name: string;
  readonly at: string | undefined;
}

function Who({ name, at }: WhoProps) {
  return (
    <>
      {name}
      {at !== undefined && (
        <div className="soft">
          <Time at={at} />
        </div>
      )}
    </>
  );
}

function Where({ gtid, gid, resourceManager }: ApprovalView) {
  return (
    <div className={classes['where']}>
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
