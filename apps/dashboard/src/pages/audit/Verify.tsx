// Reads the whole chain, from the first line: only when somebody asks for it.
import type { AuditVerdictView } from '@concordat/wire/operations';
import { useQuery } from '@tanstack/react-query';
import { IconLink, IconShieldCheck, IconShieldX } from '@tabler/icons-react';
import { auditVerdictQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import { Refused } from '../../components/action/Refused.js';
import { Copyable } from '../../components/Copyable.js';
import { GuardedButton, takes } from '../../components/GuardedButton.js';
import { Notice } from '../../components/Notice.js';
import { Panel } from '../../components/Panel.js';
import { Time } from '../../components/Time.js';
import classes from './Audit.module.css';

export function Verify() {
  const { data, error, isFetching, refetch, dataUpdatedAt } = useQuery(auditVerdictQuery());
  const may = useMay('audit.read', '*');
  return (
    <Panel
      title="Is it as it was written?"
      aside={
        <GuardedButton
          size="xs"
          whyNot={takes('audit.read (for all tenants)', may)}
          leftSection={<IconLink size={15} aria-hidden="true" />}
          loading={isFetching}
          onClick={() => void refetch()}
        >
          Verify the chain
        </GuardedButton>
      }
    >
      <div aria-live="polite">
        {error !== null && <Refused error={error} />}
        {data === undefined ? (
          <p className={classes['plain']}>
            Each line has the hash of all before it: whoever changes one breaks every hash that
            follows. To verify goes through all of them, from the first.
          </p>
        ) : (
          <Verdict verdict={data} at={dataUpdatedAt} />
        )}
      </div>
    </Panel>
  );
}

function Verdict({ verdict, at }: { readonly verdict: AuditVerdictView; readonly at: number }) {
  const { intact, said, head, brokenAt } = verdict;
  return (
    <>
      <Notice tone={intact ? 'fine' : 'danger'} icon={intact ? IconShieldCheck : IconShieldX}>
        <strong>{said}</strong> Read <Time at={new Date(at).toISOString()} />.
        {brokenAt !== undefined &&
          ` What follows line ${brokenAt} proves nothing: compare it with a copy that is kept elsewhere.`}
      </Notice>
      <p className={classes['head']}>
        <span>
          {intact ? 'Its head, to be kept elsewhere and compared:' : 'The last line that fits:'}
        </span>{' '}
        <Copyable text={head} what="the hash" />
      </p>
    </>
  );
}
