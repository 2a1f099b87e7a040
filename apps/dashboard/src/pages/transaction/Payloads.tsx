// What the branches were told, and what they answered. Text, whatever is in it; and where one may
// not see it, that is said.
import type { BranchDetailView } from '@concordat/wire/operations';
import { IconEyeOff } from '@tabler/icons-react';
import { CopyableBlock } from '../../components/Copyable.js';
import { Notice } from '../../components/Notice.js';
import { duration } from '../../components/moments.js';
import classes from './Transaction.module.css';

export function Payloads({ branches }: { readonly branches: readonly BranchDetailView[] }) {
  return (
    <div className={classes['payloads']}>
      {branches.map((branch) => (
        <section key={branch.id} aria-label={`Payload of ${branch.id}`}>
          <h3>
            {branch.id} <span className="soft">at {branch.participant}</span>
          </h3>
          <p className="soft">
            each attempt may take {duration(branch.timeoutMs)};{' '}
            {branch.attemptsMax === null ? 'any number of' : `at most ${branch.attemptsMax}`}{' '}
            attempts
          </p>
          <Contents branch={branch} />
        </section>
      ))}
    </div>
  );
}

function Contents({
  branch: { id, payload, result, hidden },
}: {
  readonly branch: BranchDetailView;
}) {
  if (hidden) {
    return (
      <Notice tone="neutral" icon={IconEyeOff}>
        Hidden: it takes the permission payloads.read for the tenant of this transaction.
      </Notice>
    );
  }
  return (
    <div className={classes['pair']}>
      <Block
        name="Payload"
        value={payload}
        what={`the payload of ${id}`}
        none="It has no payload."
      />
      <Block name="Result" value={result} what={`the result of ${id}`} none="No result yet." />
    </div>
  );
}

interface BlockProps {
  readonly name: string;
  readonly value: unknown;
  readonly what: string;
  readonly none: string;
}

function Block({ name, value, what, none }: BlockProps) {
  return (
    <div>
      <h4>{name}</h4>
      {value === undefined ? (
        <p className="soft">{none}</p>
      ) : (
        <CopyableBlock text={JSON.stringify(value, null, 2)} what={what} />
      )}
    </div>
  );
}
