// The columns that stand in the tables of two pages.
import { Anchor } from '@mantine/core';
import type { ParticipantHealthView, WaitingSessionView } from '@concordat/wire/operations';
import { Link } from '@tanstack/react-router';
import type { Column } from './DataTable.js';
import { count, latency } from './numbers.js';
import { Age } from './Time.js';

type Session = Pick<WaitingSessionView, 'application' | 'pid' | 'user' | 'database' | 'waitingMs'>;

/** Who waits, and for how long. */
export const waitingColumns: readonly Column<Session>[] = [
  {
    key: 'session',
    header: 'Session',
    isRowHeader: true,
    cell: ({ application, pid, user, database }) => (
      <>
        {application === '' ? 'unnamed' : application}
        <div className="soft">
          pid {pid}, {user} in {database}
        </div>
      </>
    ),
  },
  {
    key: 'waits',
    header: 'Waits',
    align: 'right',
    cell: ({ waitingMs }) => (waitingMs === undefined ? '–' : <Age ms={waitingMs} />),
  },
];

/** How slow a participant is for one call in twenty, and how much is stuck there. */
export const strainColumns: readonly Column<ParticipantHealthView>[] = [
  {
    key: 'p95',
    header: 'p95',
    align: 'right',
    cell: ({ calls }) => latency(calls?.p95Ms ?? null),
  },
  {
    key: 'stuck',
    header: 'Stuck',
    align: 'right',
    cell: (participant) => <StuckAt {...participant} />,
  },
];

function StuckAt({ name, stuck }: Pick<ParticipantHealthView, 'name' | 'stuck'>) {
  if (stuck === 0) return '–';
  const search = { participant: name, stuck: 'true' };
  return (
    <Anchor
      fz="inherit"
      aria-label={`${count(stuck)} transactions stuck at ${name}`}
      renderRoot={(props) => <Link to="/transactions" search={() => search} {...props} />}
    >
      {count(stuck)}
    </Anchor>
  );
}
