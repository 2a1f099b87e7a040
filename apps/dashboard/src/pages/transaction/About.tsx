import type { TransactionDetailView } from '@concordat/wire/operations';
import { Copyable } from '../../components/Copyable.js';
import { Fact, Facts } from '../../components/Facts.js';
import { Age, Time } from '../../components/Time.js';
import classes from './Transaction.module.css';

type AboutProps = Pick<TransactionDetailView, 'transaction' | 'forgotten'>;

/** What does not change, on one line where there is room. */
export function About({ transaction, forgotten }: AboutProps) {
  const { gtid, begunAt, endedAt, deadlineAt, ageMs, tenant, owner, version, metadata } =
    transaction;
  return (
    <div className={classes['about']}>
      <Facts>
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
      </Facts>
    </div>
  );
}
