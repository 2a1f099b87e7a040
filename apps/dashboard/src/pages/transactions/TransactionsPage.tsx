// Every transaction there is, by everything that is known of them. The filter is the address.
import { useQuery } from '@tanstack/react-query';
import { IconListSearch } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import type { TriageListView } from '@concordat/wire/operations';
import { useState } from 'react';
import { transactionsQuery } from '../../api/queries.js';
import type { Flat } from '../../app/search.js';
import { useFlatSearch } from '../../app/search.js';
import { Answered } from '../../components/Answered.js';
import { DataTable } from '../../components/DataTable.js';
import { EmptyState } from '../../components/EmptyState.js';
import { KeysetPages } from '../../components/KeysetPages.js';
import { Page } from '../../components/Page.js';
import { Panel } from '../../components/Panel.js';
import { harmWords } from '../../components/words.js';
import { BulkMenu } from './BulkMenu.js';
import { columns } from './columns.js';
import { Filters } from './Filters.js';
import { filterOf } from './filters.js';
import { SavedViews } from './SavedViews.js';

export function TransactionsPage() {
  const [search, setSearch] = useFlatSearch();
  const query = useQuery(transactionsQuery(search));
  const filter = filterOf(search);
  return (
    <Page title="Transactions" missing={query.data?.missing}>
      <SavedViews filter={filter} />
      {/* another filter begins with its first page */}
      <Filters search={search} onChange={(change) => setSearch({ ...change, cursor: undefined })} />
      <Answered query={query} what="the transactions">
        {(list) => (
          <List
            list={list}
            filter={filter}
            cursor={search['cursor']}
            onGo={(cursor) => setSearch({ cursor })}
          />
        )}
      </Answered>
    </Page>
  );
}

interface ListProps {
  readonly list: TriageListView;
  readonly filter: Flat;
  readonly cursor: string | undefined;
  readonly onGo: (cursor: string | undefined) => void;
}

function List({ list, filter, cursor, onGo }: ListProps) {
  const navigate = useNavigate();
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const { items } = list;
  // what is not on the page any more is not selected any more
  const present = items.map(({ gtid }) => gtid).filter((gtid) => selected.has(gtid));
  return (
    <Panel
      title={present.length > 0 ? `${present.length} selected` : 'What matches'}
      flush
      aside={<BulkMenu filter={filter} selected={present} />}
    >
      <DataTable
        label="Transactions, the newest first"
        columns={columns}
        rows={items}
        rowKey={({ gtid }) => gtid}
        rowTone={({ harm }) => (harm === null ? 'neutral' : harmWords[harm].tone)}
        onOpen={({ gtid }) => void navigate({ to: '/transactions/$gtid', params: { gtid } })}
        selection={{ selected: new Set(present), onChange: setSelected }}
        empty={
          <NoRow
            list={list}
            isFiltered={Object.keys(filter).length > 0}
            isFirst={cursor === undefined}
          />
        }
      />
      <KeysetPages count={items.length} cursor={cursor} next={list.cursor} onGo={onGo} />
    </Panel>
  );
}

interface NoRowProps {
  readonly list: TriageListView;
  readonly isFiltered: boolean;
  /** Whether it is the first page. */
  readonly isFirst: boolean;
}

/** That nothing matches is said only where all that could match has been looked at. */
function NoRow({ list: { cursor, missing }, isFiltered, isFirst }: NoRowProps) {
  if (cursor !== null) {
    return (
      <EmptyState icon={IconListSearch} title="Nothing matches so far">
        This page has looked through some of them only, as is said above. The next page goes on from
        there.
      </EmptyState>
    );
  }
  if (missing.length > 0) {
    return (
      <EmptyState icon={IconListSearch} title="Nothing matches, as far as could be asked">
        What could not be asked stands above: something there may match.
      </EmptyState>
    );
  }
  if (!isFirst) {
    return (
      <EmptyState icon={IconListSearch} title="Nothing more matches">
        What does is on the pages before this one.
      </EmptyState>
    );
  }
  if (isFiltered) {
    return (
      <EmptyState icon={IconListSearch} title="Nothing matches">
        No transaction has all of these properties. Remove a filter to see more.
      </EmptyState>
    );
  }
  return (
    <EmptyState icon={IconListSearch} title="There is no transaction yet">
      An application begins one by POST /v1/transactions; see /docs.
    </EmptyState>
  );
}
