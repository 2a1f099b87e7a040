import { Anchor } from '@mantine/core';
import type { ParticipantHealthView } from '@concordat/wire/operations';
import { IconAffiliate } from '@tabler/icons-react';
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

/** The worst first. */
export function ParticipantsHealth({ participants }: ParticipantsHealthProps) {
  const order: readonly string[] = Object.keys(healthWords);
  const rank = ({ health }: ParticipantHealthView): number => order.indexOf(health);
  const sorted = participants.toSorted((a, b) => rank(a) - rank(b));
  const ill = sorted.filter(({ health }) => health !== 'healthy' && health !== 'unknown').length;
  const all = <Anchor href="#/participants">All {count(participants.length)}</Anchor>;
  return (
    <Panel title="Participants" flush aside={all}>
      <DataTable
        label="Participants, the worst first"
        columns={columns}
        rows={sorted.slice(0, Math.max(SHOWN_MIN, ill))}
        rowKey={({ name }) => name}
        empty={
          <EmptyState icon={IconAffiliate} title="No participant is known">
            They are named in the registry (CONCORDAT_PARTICIPANTS), or met with the first call.
          </EmptyState>
        }
      />
    </Panel>
  );
}
