// One transaction, whole. The verdict stands first, for it is what a person came for: what is true
// now, what would break what, what is safe. Then what it is drawn from, and what can be done.
import type { TransactionDetailView, TruthView } from '@concordat/wire/operations';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { IconMapQuestion } from '@tabler/icons-react';
import { ApiError } from '../../api/problem.js';
import { transactionQuery, truthQuery } from '../../api/queries.js';
import { Answered } from '../../components/Answered.js';
import { Copyable } from '../../components/Copyable.js';
import { EmptyState } from '../../components/EmptyState.js';
import { HeldBackHere } from '../../components/HeldBack.js';
import { Page } from '../../components/Page.js';
import { About } from './About.js';
import { ActionsPanel } from './actions/ActionsPanel.js';
import { Blocks } from './Blocks.js';
import { Branches } from './Branches.js';
import { CopySummary } from './CopySummary.js';
import { Heading } from './Heading.js';
import { Machine } from './Machine.js';
import { Records } from './Records.js';
import { Timeline } from './Timeline.js';
import { Verdict } from './Verdict.js';

/** With another one everything begins anew: nothing of the first is shown, or done, as of it. */
export function TransactionPage() {
  const { gtid = '' } = useParams({ strict: false });
  return <Whole key={gtid} gtid={gtid} />;
}

function Whole({ gtid }: { readonly gtid: string }) {
  const query = useQuery(transactionQuery(gtid));
  const truth = useQuery(truthQuery(gtid));
  const { data, error } = query;
  if (error instanceof ApiError && error.status === 404) return <Unknown gtid={gtid} />;
  const name = data?.transaction.name ?? 'Transaction';
  return (
    <Page
      title={name}
      heading={data === undefined ? name : <Heading transaction={data.transaction} />}
      aside={data !== undefined && <CopySummary summary={data.summary} />}
    >
      <Answered query={query} what="the transaction">
        {(detail) => (
          <>
            <About transaction={detail.transaction} forgotten={detail.forgotten} />
            <HeldBackHere transaction={detail.transaction} />
            <Verdict query={truth} version={detail.transaction.version} />
            <Content detail={detail} truth={truth.data} />
          </>
        )}
      </Answered>
    </Page>
  );
}

interface ContentProps {
  readonly detail: TransactionDetailView;
  /** Undefined: the branches have not answered yet, or could not be asked. */
  readonly truth: TruthView | undefined;
}

function Content({ detail, truth }: ContentProps) {
  return (
    <>
      <ActionsPanel detail={detail} />
      <Branches detail={detail} truth={truth} />
      {truth?.branches.map((branch) => (
        <Blocks key={branch.branch} branch={branch} />
      ))}
      <Machine machine={detail.machine} protocol={detail.transaction.protocol} />
      <Timeline detail={detail} />
      <Records detail={detail} />
    </>
  );
}

function Unknown({ gtid }: { readonly gtid: string }) {
  return (
    <Page title="Transaction">
      <EmptyState icon={IconMapQuestion} title="No such transaction is known">
        Nobody has begun <Copyable text={gtid} what="the id" />, or it has ended so long ago that it
        was forgotten, or it belongs to a tenant that you may not see.
      </EmptyState>
    </Page>
  );
}
