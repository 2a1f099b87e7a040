// What was asked for in bulk: how far it is, what it could not do, and the way to hold it.
import { Anchor } from '@mantine/core';
import type { BulkView } from '@concordat/wire/operations';
import { useQuery } from '@tanstack/react-query';
import { IconStack2 } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { bulkListQuery } from '../../api/queries.js';
import type { Deed } from '../../components/action/ReasonDialog.js';
import { ReasonDialog } from '../../components/action/ReasonDialog.js';
import { Answered } from '../../components/Answered.js';
import { EmptyState } from '../../components/EmptyState.js';
import { Page } from '../../components/Page.js';
import { Panel } from '../../components/Panel.js';
import { Bulk } from './Bulk.js';

export function BulkPage() {
  const query = useQuery(bulkListQuery());
  return (
    <Page title="Bulk actions">
      <Answered query={query} what="what was asked for in bulk">
        {({ items }) => <Content bulks={items} />}
      </Answered>
    </Page>
  );
}

function Content({ bulks }: { readonly bulks: readonly BulkView[] }) {
  const [deed, setDeed] = useState<Deed>();
  if (bulks.length === 0) {
    return (
      <Panel title="Nothing was asked for in bulk">
        <EmptyState icon={IconStack2} title="No bulk action yet">
          Filter the{' '}
          <Anchor fz="inherit" renderRoot={(props) => <Link to="/transactions" {...props} />}>
            transactions
          </Anchor>{' '}
          until only those are left that you mean, and choose “Act on all that match”. Their ids are
          taken down at that moment.
        </EmptyState>
      </Panel>
    );
  }
  return (
    <>
      {bulks.map((bulk) => (
        <Bulk key={bulk.id} bulk={bulk} onSteer={setDeed} />
      ))}
      <p className="soft">The latest are here; all are in the audit.</p>
      <ReasonDialog deed={deed} onClose={() => setDeed(undefined)} />
    </>
  );
}
