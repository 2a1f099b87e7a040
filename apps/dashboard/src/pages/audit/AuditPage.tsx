// Who did what, why, and upon what evidence. Each line has the hash of all before it: whoever
// changes one, breaks every hash that follows.
import type { AuditItemView, AuditListView } from '@concordat/wire/operations';
import { useQuery } from '@tanstack/react-query';
import { IconClipboardList, IconLock } from '@tabler/icons-react';
import { useState } from 'react';
import type { Query } from '../../api/client.js';
import { auditQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { Flat } from '../../app/search.js';
import { useFlatSearch } from '../../app/search.js';
import { Answered } from '../../components/Answered.js';
import { DataTable } from '../../components/DataTable.js';
import { EmptyState } from '../../components/EmptyState.js';
import { KeysetPages } from '../../components/KeysetPages.js';
import { Page } from '../../components/Page.js';
import { Panel } from '../../components/Panel.js';
import { stageWords } from '../../components/words.js';
import { columnsFor } from './columns.js';
import { Filters } from './Filters.js';
import { Line } from './Line.js';
import { Verify } from './Verify.js';

export function AuditPage() {
  const may = useMay('audit.read');
  if (may) return <Audit />;
  return (
    <Page title="Audit">
      <EmptyState icon={IconLock} title="You may not see this">
        This takes the permission audit.read: the role auditor has it, and no other.
      </EmptyState>
    </Page>
  );
}

function Audit() {
  const [search, setSearch] = useFlatSearch();
  const query = useQuery(auditQuery(asked(search)));
  return (
    <Page title="Audit">
      <Answered query={query} what="the audit">
        {(list) => (
          <>
            <Verify />
            {/* another filter begins with its first page */}
            <Filters
              search={search}
              onChange={(change) => setSearch({ ...change, cursor: undefined })}
            />
            <List list={list} search={search} onGo={(cursor) => setSearch({ cursor })} />
          </>
        )}
      </Answered>
    </Page>
  );
}

/** What the server knows of the address. */
function asked({ actor, action, gtid, cursor }: Flat): Query {
  return { actor, action, gtid, cursor };
}

interface ListProps {
  readonly list: AuditListView;
  readonly search: Flat;
  readonly onGo: (cursor: string | undefined) => void;
}

function List({ list: { items, cursor: next }, search, onGo }: ListProps) {
  const [open, setOpen] = useState<AuditItemView>();
  const { cursor, ...filter } = search;
  return (
    <Panel title="What people did" flush>
      <DataTable
        label="The audit, the latest first"
        columns={columnsFor(setOpen)}
        rows={items}
        rowKey={({ id }) => id}
        rowTone={({ stage }) => stageWords[stage].tone}
        onOpen={setOpen}
        empty={<NothingHere isFiltered={Object.keys(filter).length > 0} />}
      />
      <KeysetPages count={items.length} cursor={cursor} next={next} onGo={onGo} />
      <Line item={open} onClose={() => setOpen(undefined)} />
    </Panel>
  );
}

function NothingHere({ isFiltered }: { readonly isFiltered: boolean }) {
  return (
    <EmptyState
      icon={IconClipboardList}
      title={isFiltered ? 'No line matches' : 'Nobody has done anything yet'}
    >
      {isFiltered
        ? 'No line of those that you may see has all of these. Remove a filter to see more.'
        : 'Whatever a person changes here, by the page, the API or the command line, gets a line.'}
    </EmptyState>
  );
}
