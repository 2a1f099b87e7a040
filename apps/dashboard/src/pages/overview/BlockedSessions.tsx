// Who waits at this moment, and for which transaction.
import { Anchor, Button } from '@mantine/core';
import type { OverviewView } from '@concordat/wire/operations';
import { IconCircleCheck, IconDatabaseOff } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { waitingColumns } from '../../components/columns.js';
import type { Column } from '../../components/DataTable.js';
import { DataTable } from '../../components/DataTable.js';
import { EmptyState } from '../../components/EmptyState.js';
import { count } from '../../components/numbers.js';
import { Panel } from '../../components/Panel.js';
import classes from './Overview.module.css';

const SHOWN_FIRST = 5;

type Blocked = OverviewView['blocked'][number];

const columns: readonly Column<Blocked>[] = [
  ...waitingColumns,
  {
    key: 'query',
    header: 'Query',
    grow: true,
    cell: ({ query, waitsFor }) => (
      <>
        <code className={classes['query']}>{query}</code>
        <div className={classes['error']}>for {waitsFor}</div>
      </>
    ),
  },
  { key: 'for', header: 'Blocked by', cell: (session) => <Blocker {...session} /> },
];

interface BlockedSessionsProps {
  readonly sessions: readonly Blocked[];
  readonly total: number;
  /** Whether there is a database that can be asked. */
  readonly isSeen: boolean;
  /** Whether all that was to be asked has answered. */
  readonly isComplete: boolean;
}

export function BlockedSessions(props: BlockedSessionsProps) {
  const { sessions, total } = props;
  const [isAll, setIsAll] = useState(false);
  const shown = isAll ? sessions : sessions.slice(0, SHOWN_FIRST);
  const untold = total - sessions.length;
  return (
    <Panel title="Sessions blocked now" flush aside={untold > 0 && `and ${count(untold)} more`}>
      <DataTable
        label="Sessions blocked now, the longest waiting first"
        columns={columns}
        rows={shown}
        rowKey={({ resourceManager, pid, gid }) => `${resourceManager} ${pid} ${gid}`}
        empty={<Nobody {...props} />}
      />
      {sessions.length > SHOWN_FIRST && (
        <div className={classes['more']}>
          <Button size="compact-sm" variant="subtle" onClick={() => setIsAll(!isAll)}>
            {isAll ? `Show the first ${SHOWN_FIRST}` : `Show all ${count(sessions.length)}`}
          </Button>
        </div>
      )}
    </Panel>
  );
}

function Nobody({ isSeen, isComplete }: BlockedSessionsProps) {
  if (!isSeen) {
    return (
      <EmptyState icon={IconDatabaseOff} title="Not known">
        You see no registered database here, so who waits in one cannot be seen either.
      </EmptyState>
    );
  }
  if (!isComplete) {
    return (
      <EmptyState icon={IconDatabaseOff} title="Nobody waits, as far as could be asked">
        Where nobody has answered, as is said above, sessions may wait.
      </EmptyState>
    );
  }
  return (
    <EmptyState icon={IconCircleCheck} tone="fine" title="Nobody waits">
      No session of a registered database waits for a prepared branch.
    </EmptyState>
  );
}

function Blocker({ gtid, branch, resourceManager }: Blocked) {
  if (gtid === undefined) return <>an orphan in {resourceManager}</>;
  return (
    <Anchor
      fz="inherit"
      renderRoot={(props) => <Link to="/transactions/$gtid" params={{ gtid }} {...props} />}
    >
      {branch ?? 'a branch'} in {resourceManager}
    </Anchor>
  );
}
