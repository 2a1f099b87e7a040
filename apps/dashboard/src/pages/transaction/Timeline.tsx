// Every call and what came of it, over time. It is a table, with a bar in each row: what is drawn
// is also said. Idle time is compressed, and marked; the window of doubt is shaded.
import { VisuallyHidden } from '@mantine/core';
import type {
  AuditItemView,
  CallSpanView,
  TransactionDetailView,
} from '@concordat/wire/operations';
import { IconTimeline } from '@tabler/icons-react';
import { EmptyState } from '../../components/EmptyState.js';
import { Panel } from '../../components/Panel.js';
import { Table } from '../../components/Table.js';
import { duration } from '../../components/moments.js';
import { Time, useNow } from '../../components/Time.js';
import type { InDoubt } from './spans.js';
import { cameOf, inDoubtOf, isOpen, momentsOf, toneOf, took } from './spans.js';
import type { Scale } from './time-scale.js';
import { scaleOf } from './time-scale.js';
import classes from './Timeline.module.css';

export function Timeline({ detail }: { readonly detail: TransactionDetailView }) {
  const now = useNow();
  const { spans, audit } = detail;
  if (spans.length === 0) {
    return (
      <Panel title="Timeline">
        <EmptyState icon={IconTimeline} title="No branch has been called yet" />
      </Panel>
    );
  }
  const scale = scaleOf(momentsOf(detail, now));
  const doubts = inDoubtOf(spans, now);
  return (
    <Panel
      title="Timeline of every call"
      flush
      aside={
        <Legend
          hasDoubt={doubts.length > 0}
          hasFailure={spans.some(({ lastErrorAt }) => lastErrorAt !== undefined)}
        />
      }
    >
      <Table
        label="Timeline of every call"
        className={classes['timeline']}
        cardsUpTo="62em"
        head={
          <>
            <th role="columnheader">Call</th>
            <th role="columnheader">
              <Axis scale={scale} />
            </th>
            <th role="columnheader">Opened, UTC</th>
            <th role="columnheader">Took</th>
            <th role="columnheader">What came of it</th>
          </>
        }
      >
        {spans.map((span) => (
          <SpanRow
            key={`${span.branch} ${span.operation} ${span.token}`}
            span={span}
            scale={scale}
            now={now}
            doubt={doubts.find(({ branch }) => branch === span.branch)}
          />
        ))}
        {audit.toReversed().map((deed) => (
          <DeedRow key={deed.id} deed={deed} scale={scale} />
        ))}
      </Table>
    </Panel>
  );
}

interface DeedRowProps {
  readonly deed: AuditItemView;
  readonly scale: Scale;
}

/** What a person did stands among the calls, for it may have been the reason of some. */
function DeedRow({ deed, scale }: DeedRowProps) {
  return (
    <tr role="row">
      <th role="rowheader" scope="row">
        {deed.action} <span className="soft">by {deed.actor.name}</span>
      </th>
      <td role="cell">
        <div className={classes['track']} data-tone="special" aria-hidden="true">
          <Gaps scale={scale} />
          <span
            className={classes['deed']}
            style={{ left: percent(scale.place(Date.parse(deed.at))) }}
          />
        </div>
      </td>
      <td role="cell">
        <Time at={deed.at} as="precise" />
      </td>
      <td role="cell">–</td>
      <td role="cell">{deed.reason ?? deed.stage}</td>
    </tr>
  );
}

interface SpanRowProps {
  readonly span: CallSpanView;
  readonly scale: Scale;
  readonly now: number;
  readonly doubt: InDoubt | undefined;
}

function SpanRow({ span, scale, now, doubt }: SpanRowProps) {
  const { branch, operation, openedAt, attempts, lastError, nextAttemptAt } = span;
  return (
    <tr role="row">
      <th role="rowheader" scope="row">
        <strong>{operation}</strong> {branch}
      </th>
      <td role="cell">
        <Track span={span} scale={scale} now={now} doubt={doubt} />
      </td>
      <td role="cell">
        <Time at={openedAt} as="precise" />
      </td>
      <td role="cell" className="numeric">
        {took(span, now)}
      </td>
      <td role="cell">
        {cameOf(span)}
        {attempts !== null && attempts > 0 && (
          <div className="soft">
            {attempts} {attempts === 1 ? 'attempt' : 'attempts'} without a reply
            {lastError !== undefined && `: ${lastError}`}
          </div>
        )}
        {nextAttemptAt !== undefined && (
          <div className="soft">
            next <Time at={nextAttemptAt} />
          </div>
        )}
      </td>
    </tr>
  );
}

function Track({ span, scale, now, doubt }: SpanRowProps) {
  const from = scale.place(Date.parse(span.openedAt));
  const to =
    span.answeredAt === undefined ? scale.place(now) : scale.place(Date.parse(span.answeredAt));
  return (
    <div className={classes['track']} data-tone={toneOf(span)} aria-hidden="true">
      <Gaps scale={scale} />
      {doubt !== undefined && (
        <span
          className={classes['doubt']}
          style={between(scale.place(doubt.from), scale.place(doubt.to))}
        />
      )}
      <span
        className={classes['bar']}
        data-open={isOpen(span) || undefined}
        style={between(from, to)}
      />
      {span.lastErrorAt !== undefined && (
        <span
          className={classes['error']}
          style={{ left: percent(scale.place(Date.parse(span.lastErrorAt))) }}
        />
      )}
    </div>
  );
}

function Gaps({ scale }: { readonly scale: Scale }) {
  return scale.gaps.map(({ from, to }) => (
    <span key={from} className={classes['gap']} style={between(from, to)} />
  ));
}

/** From when to when; and where time was left out, and how much. */
function Axis({ scale: { begin, end, gaps } }: { readonly scale: Scale }) {
  return (
    <>
      <VisuallyHidden>Time, idle time compressed: </VisuallyHidden>
      <div className={classes['ends']}>
        <Time at={new Date(begin).toISOString()} as="clock" />
        <VisuallyHidden> to </VisuallyHidden>
        <span>
          <Time at={new Date(end).toISOString()} as="clock" /> UTC
        </span>
      </div>
      {gaps.length > 0 && (
        <div className={classes['axis']}>
          {gaps.map(({ from, to, ms }) => (
            <span key={from} className={classes['gapLabel']} style={between(from, to)}>
              … {duration(ms)}
            </span>
          ))}
        </div>
      )}
    </>
  );
}

interface LegendProps {
  readonly hasDoubt: boolean;
  readonly hasFailure: boolean;
}

function Legend({ hasDoubt, hasFailure }: LegendProps) {
  return (
    <>
      {hasFailure && (
        <span className={classes['legend']}>
          <span className={classes['errorSample']} aria-hidden="true" /> the last attempt that
          failed
        </span>
      )}
      {hasDoubt && (
        <span className={classes['legend']}>
          <span className={classes['doubtSample']} aria-hidden="true" /> in doubt: promised, and not
          told the decision
        </span>
      )}
    </>
  );
}

function percent(place: number): string {
  return `${(place * 100).toFixed(3)}%`;
}

function between(from: number, to: number): { readonly left: string; readonly width: string } {
  return { left: percent(from), width: percent(Math.max(0, to - from)) };
}
