import type { JournalView } from '@concordat/wire';
import { IconFileOff, IconScissors } from '@tabler/icons-react';
import type { Column } from '../../components/DataTable.js';
import { DataTable } from '../../components/DataTable.js';
import { EmptyState } from '../../components/EmptyState.js';
import { Notice } from '../../components/Notice.js';
import { absolute } from '../../components/moments.js';
import { eventInWords, openedInWords } from './journal-words.js';

type Line = JournalView['lines'][number];

const columns: readonly Column<Line>[] = [
  { key: 'version', header: 'Version', isRowHeader: true, cell: ({ version }) => version },
  {
    key: 'at',
    header: 'Durable at',
    cell: ({ at }) => (
      <time dateTime={at} className="numeric">
        {absolute(at)}
      </time>
    ),
  },
  {
    key: 'events',
    header: 'What was learnt',
    grow: true,
    cell: ({ events }) =>
      events.map((event, index) => (
        <div key={index} className="anywhere">
          {eventInWords(event)}
        </div>
      )),
  },
  {
    key: 'opened',
    header: 'What was then asked',
    grow: true,
    cell: (line) =>
      line.opened.length === 0 ? '–' : <span className="anywhere">{openedInWords(line)}</span>,
  },
];

interface JournalProps {
  readonly lines: readonly Line[];
  readonly isComplete: boolean;
}

/** The truth that the coordinator goes by: a line for each version, in order. */
export function Journal({ lines, isComplete }: JournalProps) {
  return (
    <>
      {!isComplete && (
        <Notice tone="attention" icon={IconScissors}>
          <strong>This is not the whole journal.</strong> There are more lines than are shown here;
          GET /v1/transactions/…/journal has them all.
        </Notice>
      )}
      <DataTable
        label="Journal"
        columns={columns}
        rows={lines}
        rowKey={({ version }) => String(version)}
        empty={<EmptyState icon={IconFileOff} title="The journal has no line of it any more" />}
      />
    </>
  );
}
