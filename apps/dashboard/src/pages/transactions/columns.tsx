// A row says what a person needs to leave it alone or open it: where it is, what it harms, and why.
import { Anchor } from '@mantine/core';
import type { TriageItemView } from '@concordat/wire/operations';
import { Link } from '@tanstack/react-router';
import { HarmBadge, PhaseBadge, ProtocolMark, StateBadge } from '../../components/Badges.js';
import type { Column } from '../../components/DataTable.js';
import { Age, Time } from '../../components/Time.js';
import classes from './Transactions.module.css';

export const columns: readonly Column<TriageItemView>[] = [
  {
    key: 'transaction',
    header: 'Transaction',
    isRowHeader: true,
    cell: (transaction) => <Name {...transaction} />,
  },
  { key: 'state', header: 'State', cell: (transaction) => <State transaction={transaction} /> },
  {
    key: 'harm',
    header: 'Harm',
    cell: ({ harm, paused }) => (
      <div className={classes['badges']}>
        {harm === null ? '–' : <HarmBadge harm={harm} />}
        {paused && harm !== 'paused' && <StateBadge tone="special">paused</StateBadge>}
      </div>
    ),
  },
  {
    key: 'why',
    header: 'Why',
    grow: true,
    cell: ({ why, branches }) => (
      <>
        {why !== null && <div className={classes['why']}>{why}</div>}
        <div className="soft">{branchesInWords(branches)}</div>
      </>
    ),
  },
  {
    key: 'age',
    header: 'Age',
    align: 'right',
    cell: ({ ageMs, endedAt }) =>
      endedAt === undefined ? <Age ms={ageMs} /> : <Time at={endedAt} />,
  },
];

function Name({ gtid, name, tenant }: TriageItemView) {
  return (
    <>
      <Anchor
        fz="inherit"
        fw={600}
        className="anywhere"
        renderRoot={(props) => <Link to="/transactions/$gtid" params={{ gtid }} {...props} />}
      >
        {name ?? 'unnamed'}
        <code className={classes['gtid']}>{gtid}</code>
      </Anchor>
      {tenant !== 'default' && <div className="soft">tenant {tenant}</div>}
    </>
  );
}

function State({ transaction }: { readonly transaction: TriageItemView }) {
  const { protocol, decision, phase } = transaction;
  return (
    <div className={classes['state']}>
      <ProtocolMark protocol={protocol} /> <PhaseBadge transaction={transaction} />
      {phase !== 'ended' && (
        <div className={classes['decision']} data-decision={decision}>
          {decision === 'undecided' ? 'undecided' : `decided: ${decision}`}
        </div>
      )}
    </div>
  );
}

/** `1 prepared, 2 acknowledged`: in the protocol's words. */
export function branchesInWords(branches: TriageItemView['branches']): string {
  if (branches.length === 0) return 'no branches';
  const byState = Map.groupBy(branches, ({ state }) => state);
  return [...byState].map(([state, of]) => `${of.length} ${state.replaceAll('-', ' ')}`).join(', ');
}
