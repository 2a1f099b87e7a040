import { Anchor } from '@mantine/core';
import type { ParticipantHealthView } from '@concordat/wire/operations';
import { isInTrouble } from '@concordat/wire/operations';
import { IconAffiliate, IconLock } from '@tabler/icons-react';
import { useMay } from '../../api/session.js';
import { WordBadge } from '../../components/Badges.js';
import { strainColumns } from '../../components/columns.js';
import type { Column } from '../../components/DataTable.js';
import { DataTable } from '../../components/DataTable.js';
import { EmptyState } from '../../components/EmptyState.js';
import { count } from '../../components/numbers.js';
import { Panel } from '../../components/Panel.js';
import { healthWords } from '../../components/words.js';
import classes from './Overview.module.css';

const columns: readonly Column<ParticipantHealthView>[] = [
  {
    key: 'name',
    header: 'Participant',
    isRowHeader: true,
    grow: true,
    cell: ({ name, said }) => (
      <>
        {name}
        <div className={classes['said']}>{said}</div>
      </>
    ),
  },
  {
    key: 'health',
    header: 'Health',
    cell: ({ health }) => <WordBadge {...healthWords[health]} />,
  },
  ...strainColumns,
];

/** Of those that are well, as many as there is room for. */
const SHOWN_MIN = 6;

interface ParticipantsHealthProps {
  readonly participants: readonly ParticipantHealthView[];
}

/** The worst first, as the coordinator has them. */
export function ParticipantsHealth({ participants }: ParticipantsHealthProps) {
  const maySee = useMay('read', '*');
  const ill = participants.filter((one) => isInTrouble(one) || one.health === 'paused').length;
  const all = maySee && <Anchor href="#/participants">All {count(participants.length)}</Anchor>;
  return (
    <Panel title="Participants" flush aside={all}>
      <DataTable
        label="Participants, the worst first"
        columns={columns}
        rows={participants.slice(0, Math.max(SHOWN_MIN, ill))}
        rowKey={({ name }) => name}
        empty={
          maySee ? (
            <EmptyState icon={IconAffiliate} title="No participant is known">
              They are named in the registry (CONCORDAT_PARTICIPANTS).
            </EmptyState>
          ) : (
            <EmptyState icon={IconLock} title="You may not see them">
              They belong to no tenant: this takes the permission read, for all tenants.
            </EmptyState>
          )
        }
      />
    </Panel>
  );
}
