// What a prepared branch holds, and who waits for it. Postgres names no process for the locks of a
// prepared transaction: the query that joins them is shown, to be repeated by hand.
import type { BlocksView, BranchTruthView, WaitingSessionView } from '@concordat/wire/operations';
import { IconLockOpen, IconLockQuestion } from '@tabler/icons-react';
import { CopyableBlock } from '../../components/Copyable.js';
import { waitingColumns } from '../../components/columns.js';
import type { Column } from '../../components/DataTable.js';
import { DataTable } from '../../components/DataTable.js';
import { EmptyState } from '../../components/EmptyState.js';
import { Notice } from '../../components/Notice.js';
import { count, plural } from '../../components/numbers.js';
import { Panel } from '../../components/Panel.js';
import { sentence } from '../../components/text.js';
import { duration } from '../../components/moments.js';
import classes from './Blocks.module.css';

/** Nothing at all where the branch holds nothing, as is known. */
export function Blocks({
  branch: { branch, blocks, participantSays },
}: {
  readonly branch: BranchTruthView;
}) {
  const isOfInterest = participantSays.observed === 'prepared' && !blocks.known;
  if (!isOfInterest && blocks.locks.length === 0 && blocks.sessionsTotal === 0) return null;
  const title = `What ${branch} blocks`;
  if (!blocks.known) {
    return (
      <Panel title={title}>
        <Notice tone="attention" icon={IconLockQuestion}>
          <strong>What it holds is not known.</strong>{' '}
          {sentence(blocks.reason ?? 'It could not be asked.')}
        </Notice>
      </Panel>
    );
  }
  return (
    <Panel title={title} flush>
      <Held blocks={blocks} label={`Sessions that wait for ${branch}, the longest waiting first`} />
    </Panel>
  );
}

interface HeldProps {
  readonly blocks: BlocksView;
  /** Of the table, for screen readers. */
  readonly label: string;
}

/** What is known of it: in a sentence, then who waits, then the locks. */
export function Held({ blocks, label }: HeldProps) {
  return (
    <>
      <p className={classes['summary']}>{inWords(blocks)}</p>
      {blocks.unseen !== undefined && (
        <Notice tone="attention" icon={IconLockQuestion}>
          <strong>This is not everything.</strong> {sentence(blocks.unseen)}
        </Notice>
      )}
      <DataTable
        label={label}
        columns={columns}
        rows={blocks.sessions}
        rowKey={({ pid }) => String(pid)}
        rowTone={({ distance }) => (distance === 0 ? 'danger' : 'attention')}
        empty={
          <EmptyState icon={IconLockOpen} tone="fine" title="No session waits for it">
            It holds its locks all the same, until it is ended.
          </EmptyState>
        }
      />
      <div className={classes['details']}>
        <Locks blocks={blocks} />
        {blocks.query !== undefined && (
          <details>
            <summary>The query that tells it</summary>
            <CopyableBlock text={blocks.query} what="the query" />
          </details>
        )}
      </div>
    </>
  );
}

function inWords({ locks, sessions, sessionsTotal }: BlocksView): string {
  const relations = new Set(locks.map(({ relation }) => relation).filter((one) => one !== null));
  const holds = `It holds ${plural(locks.length, 'lock', 'locks')}`;
  const where = relations.size === 0 ? '' : ` in ${[...relations].join(', ')}`;
  const longest = Math.max(0, ...sessions.map(({ waitingMs }) => waitingMs ?? 0));
  const longestWords = longest === 0 ? '' : `, the longest for ${duration(longest)}`;
  const wait = plural(sessionsTotal, 'session waits', 'sessions wait');
  const hidden = sessionsTotal - sessions.length;
  const shown = hidden > 0 ? ` ${count(sessions.length)} of them are shown.` : '';
  return `${holds}${where}. ${wait}${longestWords}.${shown}`;
}

const columns: readonly Column<WaitingSessionView>[] = [
  ...waitingColumns,
  {
    key: 'for',
    header: 'For',
    cell: ({ waitsFor, distance }) => (
      <>
        {waitsFor}
        <div className="soft">
          {distance === 0
            ? 'waits for the branch itself'
            : `${plural(distance, 'step', 'steps')} behind it`}
        </div>
      </>
    ),
  },
  {
    key: 'query',
    header: 'Query',
    grow: true,
    cell: ({ query }) => <code className={classes['query']}>{query}</code>,
  },
];

function Locks({ blocks: { locks } }: { readonly blocks: BlocksView }) {
  if (locks.length === 0) return null;
  return (
    <details>
      <summary>{plural(locks.length, 'lock', 'locks')} held</summary>
      <ul>
        {locks.map(({ relation, mode, kind }, index) => (
          // two locks may be alike in every word
          <li key={`${index} ${mode}`}>
            <strong>{relation ?? kind}</strong> {mode} ({kind})
          </li>
        ))}
      </ul>
    </details>
  );
}
