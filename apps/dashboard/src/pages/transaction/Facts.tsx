import type { TransactionDetailView } from '@concordat/wire/operations';
import type { ReactNode } from 'react';
import { Copyable } from '../../components/Copyable.js';
import { Age, Time } from '../../components/Time.js';
import classes from './Transaction.module.css';

type FactsProps = Pick<TransactionDetailView, 'transaction' | 'forgotten'>;

/** What does not change, on one line where there is room. */
export function Facts({ transaction, forgotten }: FactsProps) {
  const { gtid, begunAt, endedAt, deadlineAt, ageMs, tenant, owner, version, metadata } =
    transaction;
  return (
    <dl className={classes['facts']}>
      <Fact name="Id">
        <Copyable text={gtid} what="the id" />
      </Fact>
      <Fact name="Begun">
        <Time at={begunAt} />
      </Fact>
      {endedAt === undefined ? (
        <Fact name="Under way for">
          <Age ms={ageMs} />
        </Fact>
      ) : (
        <Fact name="Ended">
          <Time at={endedAt} />
        </Fact>
      )}
      {endedAt === undefined && (
        <Fact name="Deadline">
          <Time at={deadlineAt} />
        </Fact>
      )}
      <Fact name="Tenant">{tenant}</Fact>
      <Fact name="Version">{version}</Fact>
      {owner !== '' && <Fact name="Driven by">{owner}</Fact>}
      {Object.entries(metadata).map(([key, value]) => (
        <Fact key={key} name={key}>
          {value}
        </Fact>
      ))}
      {forgotten !== null && (
        <Fact name="Dealt with">
          by {forgotten.by} <Time at={forgotten.at} />: {forgotten.reason}
        </Fact>
      )}
    </dl>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
