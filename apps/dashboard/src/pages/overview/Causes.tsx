// Stuck transactions that have one root, as one row. What blocks others leads straight to the
// transaction; the number leads to all of them.
import { Anchor } from '@mantine/core';
import type { CauseView } from '@concordat/wire/operations';
import { IconArrowRight, IconCircleCheck, IconCircleDashed } from '@tabler/icons-react';
import { Link, useNavigate } from '@tanstack/react-router';
import { HarmBadge } from '../../components/Badges.js';
import type { Column } from '../../components/DataTable.js';
import { DataTable } from '../../components/DataTable.js';
import { EmptyState } from '../../components/EmptyState.js';
import { count, plural } from '../../components/numbers.js';
import { Panel } from '../../components/Panel.js';
import { Time } from '../../components/Time.js';
import { harmWords } from '../../components/words.js';
import classes from './Overview.module.css';

const columns: readonly Column<CauseView>[] = [
  { key: 'harm', header: 'Harm', cell: ({ harm }) => <HarmBadge harm={harm} /> },
  {
    key: 'cause',
    header: 'Cause',
    grow: true,
    isRowHeader: true,
    cell: (cause) => <WhatItIs cause={cause} />,
  },
  {
    key: 'sessions',
    header: 'Blocks',
    align: 'right',
    cell: ({ sessionsBlocked }) =>
      sessionsBlocked === 0 ? (
        '–'
      ) : (
        <strong>{plural(sessionsBlocked, 'session', 'sessions')}</strong>
      ),
  },
  {
    key: 'oldest',
    header: 'Oldest',
    cell: ({ oldestBegunAt }) => <Time at={oldestBegunAt} as="age" />,
  },
  {
    key: 'next',
    header: 'Next attempt',
    cell: ({ nextAttemptAt }) =>
      nextAttemptAt === undefined ? '–' : <Time at={nextAttemptAt} as="due" />,
  },
  { key: 'count', header: 'Transactions', align: 'right', cell: (cause) => <All {...cause} /> },
  { key: 'open', header: 'Look at', cell: (cause) => <OpenOldest cause={cause} /> },
];

interface CausesProps {
  readonly causes: readonly CauseView[];
  /** Whether all that was to be asked has answered. */
  readonly isComplete: boolean;
}

export function Causes({ causes, isComplete }: CausesProps) {
  const navigate = useNavigate();
  return (
    <Panel title="What is stuck, by cause" flush>
      <DataTable
        label="Causes, the most harmful first"
        columns={columns}
        rows={causes}
        rowKey={({ fingerprint, harm }) => `${fingerprint} ${harm}`}
        rowTone={({ harm }) => harmWords[harm].tone}
        onOpen={({ oldestGtid: gtid }) =>
          void navigate({ to: '/transactions/$gtid', params: { gtid } })
        }
        empty={
          isComplete ? (
            <EmptyState icon={IconCircleCheck} tone="fine" title="Nothing is stuck">
              Every transaction that is under way goes its way.
            </EmptyState>
          ) : (
            <EmptyState icon={IconCircleDashed} title="Nothing is stuck, as far as could be asked">
              What could not be asked stands above.
            </EmptyState>
          )
        }
      />
    </Panel>
  );
}

function WhatItIs({ cause: { operation, participant, error } }: { readonly cause: CauseView }) {
  return (
    <>
      <div>
        <strong>{operation}</strong> at <strong>{participant}</strong>
      </div>
      <div className={classes['error']}>{error}</div>
    </>
  );
}

function All({ fingerprint, harm, count: number, participant, operation }: CauseView) {
  // of what has ended the operation is how it has ended
  const search = harm === 'heuristic' ? { harm, outcome: operation } : { cause: fingerprint, harm };
  return (
    <Anchor
      fz="inherit"
      aria-label={`${count(number)} transactions: ${operation} at ${participant}`}
      renderRoot={(props) => <Link to="/transactions" search={() => search} {...props} />}
    >
      {count(number)}
    </Anchor>
  );
}

function OpenOldest({ cause }: { readonly cause: CauseView }) {
  const { oldestGtid: gtid, harm, count: number } = cause;
  const label =
    number === 1 ? 'the transaction' : harm === 'blocking' ? 'the blocker' : 'the oldest';
  return (
    <Anchor
      fz="inherit"
      fw={600}
      className={classes['open'] ?? ''}
      aria-label={`look at ${label} of ${cause.participant}: ${cause.operation}`}
      data-cause={harm}
      renderRoot={(props) => <Link to="/transactions/$gtid" params={{ gtid }} {...props} />}
    >
      {label} <IconArrowRight size={14} aria-hidden="true" />
    </Anchor>
  );
}
