// What takes two people: one has asked, and another decides here, upon the same evidence.
import type { ApprovalView } from '@concordat/wire/operations';
import { useQuery } from '@tanstack/react-query';
import { IconChecklist } from '@tabler/icons-react';
import { useState } from 'react';
import { approvalsQuery } from '../../api/queries.js';
import type { Deed } from '../../components/action/ReasonDialog.js';
import { ReasonDialog } from '../../components/action/ReasonDialog.js';
import { Answered } from '../../components/Answered.js';
import { DataTable } from '../../components/DataTable.js';
import { EmptyState } from '../../components/EmptyState.js';
import { Page } from '../../components/Page.js';
import { Panel } from '../../components/Panel.js';
import classes from './Approvals.module.css';
import { columns } from './columns.js';
import { Pending } from './Pending.js';
import { approvalWords } from './words.js';

export function ApprovalsPage() {
  const query = useQuery(approvalsQuery());
  return (
    <Page title="Approvals">
      <Answered query={query} what="what waits for approval">
        {({ items }) => <Content approvals={items} />}
      </Answered>
    </Page>
  );
}

function Content({ approvals }: { readonly approvals: readonly ApprovalView[] }) {
  const [deed, setDeed] = useState<Deed>();
  const pending = approvals.filter(({ state }) => state === 'pending');
  const decided = approvals.filter(({ state }) => state !== 'pending');
  return (
    <>
      {pending.length === 0 ? (
        <Panel title="Waiting for a second person">
          <EmptyState icon={IconChecklist} tone="fine" title="Nothing waits for a second person">
            To force an outcome against or without the decision takes two people. Who asks for it
            does so on the page of the transaction, or of what is in doubt.
          </EmptyState>
        </Panel>
      ) : (
        <section aria-label="Waiting for a second person" className={classes['pending']}>
          {pending.map((approval) => (
            <Pending key={approval.id} approval={approval} onDecide={setDeed} />
          ))}
        </section>
      )}
      {decided.length > 0 && (
        <Panel
          title="Decided"
          flush
          aside={<span className="soft">the latest; all are in the audit</span>}
        >
          <DataTable
            label="What was decided, the latest first"
            columns={columns}
            rows={decided}
            rowKey={({ id }) => id}
            rowTone={({ state }) => approvalWords[state].tone}
            empty={null}
          />
        </Panel>
      )}
      <ReasonDialog deed={deed} onClose={() => setDeed(undefined)} />
    </>
  );
}
