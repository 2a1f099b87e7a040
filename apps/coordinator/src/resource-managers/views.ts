// From what recovery knows of a resource manager to its representation. Pure.
//
// V1. What is not there is left out, as in transactions/views.ts.
import { timeOf } from '@concordat/embedded';
import type { Finding, Status } from '@concordat/recovery';
import { assert } from '@concordat/protocols';
import type { PreparedView, ResourceManagerView, SelfTestView } from '@concordat/wire';

export function resourceManagerView(status: Status): ResourceManagerView {
  const { name, kind, address, lastScan, lastSeenAt, lastSelfTest, findings, notes } = status;
  const { 'in-doubt': inDoubt, reappeared, orphaned, others } = status.counts;
  const { notExamined } = status;
  return {
    name,
    kind,
    address,
    reachable: lastScan === undefined ? null : lastScan.error === undefined,
    ...(lastScan?.error === undefined ? {} : { lastError: lastScan.error }),
    ...(lastSeenAt === undefined ? {} : { lastSeenAt: timeOf(lastSeenAt) }),
    ...(lastScan === undefined
      ? {}
      : { lastScan: { at: timeOf(lastScan.at), tookMs: Math.round(lastScan.tookMs) } }),
    prepared: { inDoubt, reappeared, orphaned, others, notExamined },
    branches: findings.map(preparedView),
    notes: notes.map((note) => ({ at: timeOf(note.at), ...preparedView(note) })),
    ...(lastSelfTest === undefined ? {} : { lastSelfTest: selfTestView(lastSelfTest) }),
  };
}

export function selfTestView(test: NonNullable<Status['lastSelfTest']>): SelfTestView {
  const { at, verdict, checks } = test;
  return { at: timeOf(at), verdict, checks: checks.map((check) => ({ ...check })) };
}

function preparedView({ branch, verdict, done, firstSeenAt, scans }: Finding): PreparedView {
  const { gid, name, preparedAt, owner, database } = branch;
  const { standing, reason } = verdict;
  assert(standing !== 'others', "others' branches are counted, not shown");
  return {
    gid,
    gtid: name.gtid,
    branch: name.branch,
    standing,
    reason,
    done: done.type,
    ...(done.type === 'failed' ? { failure: done.reason } : {}),
    ...(done.type === 'held-back' ? { heldBack: done.reason } : {}),
    ...(preparedAt === undefined ? {} : { preparedAt: timeOf(preparedAt) }),
    firstSeenAt: timeOf(firstSeenAt),
    scans,
    ...(owner === undefined ? {} : { owner }),
    ...(database === undefined ? {} : { database }),
  };
}
