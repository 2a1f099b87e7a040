// What the journal says, what the participant says, and what follows: side by side, so that a
// contradiction is seen.
import type { TransactionDetailView, TruthView } from '@concordat/wire/operations';
import { IconGitFork } from '@tabler/icons-react';
import { EmptyState } from '../../components/EmptyState.js';
import { Panel } from '../../components/Panel.js';
import { Table } from '../../components/Table.js';
import { BranchRow } from './BranchRow.js';
import classes from './Branches.module.css';

interface BranchesProps {
  readonly detail: TransactionDetailView;
  readonly truth: TruthView | undefined;
}

const headers = ['Branch', 'Journal says', 'Participant says', 'Verdict', 'Actions'];

export function Branches({ detail, truth }: BranchesProps) {
  const { branches } = detail.transaction;
  if (branches.length === 0) {
    return (
      <Panel title="Branches">
        <EmptyState icon={IconGitFork} title="No branch has been enlisted yet" />
      </Panel>
    );
  }
  return (
    <Panel title="Branches" flush>
      <Table
        label="Branches"
        className={classes['branches']}
        cardsUpTo="62em"
        head={headers.map((header) => (
          <th key={header} role="columnheader">
            {header}
          </th>
        ))}
      >
        {branches.map((branch) => (
          <BranchRow
            key={branch.id}
            branch={branch}
            plan={detail.branches.find(({ id }) => id === branch.id)}
            truth={truth?.branches.find((one) => one.branch === branch.id)}
            detail={detail}
          />
        ))}
      </Table>
    </Panel>
  );
}
