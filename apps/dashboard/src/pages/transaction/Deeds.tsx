import type { AuditItemView } from '@concordat/wire/operations';
import { IconUserOff } from '@tabler/icons-react';
import { WordBadge } from '../../components/Badges.js';
import { CopyableBlock } from '../../components/Copyable.js';
import type { Column } from '../../components/DataTable.js';
import { DataTable } from '../../components/DataTable.js';
import { EmptyState } from '../../components/EmptyState.js';
import { Time } from '../../components/Time.js';
import { stageWords } from '../../components/words.js';

const columns: readonly Column<AuditItemView>[] = [
  { key: 'at', header: 'When', cell: ({ at }) => <Time at={at} /> },
  { key: 'who', header: 'Who', isRowHeader: true, cell: ({ actor }) => actor.name },
  {
    key: 'what',
    header: 'What',
    cell: ({ action, stage }) => (
      <>
        {action} <WordBadge {...stageWords[stage]} />
      </>
    ),
  },
  {
    key: 'why',
    header: 'Why',
    grow: true,
    cell: ({ reason }) => <span className="anywhere">{reason ?? '–'}</span>,
  },
  {
    key: 'evidence',
    header: 'Evidence',
    grow: true,
    cell: ({ evidence }) => (evidence === undefined ? '–' : <Evidence value={evidence} />),
  },
];

export function Deeds({ audit }: { readonly audit: readonly AuditItemView[] }) {
  return (
    <DataTable
      label="What people did to it, the latest first"
      columns={columns}
      rows={audit}
      rowKey={({ id }) => id}
      empty={
        <EmptyState icon={IconUserOff} title="Nobody has done anything to it">
          Whatever a person does to it will be here, with who, when, why and the evidence.
        </EmptyState>
      }
    />
  );
}

function Evidence({ value }: { readonly value: unknown }) {
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  return <CopyableBlock text={text} what="the evidence" />;
}
