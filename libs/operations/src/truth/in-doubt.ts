// Everything that is prepared in all resource managers, now: ours, orphans, and others'.
//
// N1. What a prepared branch is held for, recovery has judged, in its scans and by its own rule; it
//     is told again here for whatever that has seen, by name and id. What it has not seen yet is in
//     doubt, until it has: nobody is an orphan at first sight.
// N2. Names that are not ours, or are of another cluster, are shown and never touched. They are
//     last.
// N3. What is too much to be shown is counted, by name, and so is what could not be asked.
// N4. What the journal has never heard of, and bears our cluster, a person may roll back at once:
//     the rollback is written first, and excludes a decision that comes late (decision 16).
import type { Holding, NamedBranch, PreparedBranch } from '@concordat/engine';
import type { Instant } from '@concordat/protocols';
import { summaryOf } from '@concordat/protocols';
import type { Finding } from '@concordat/recovery';
import { parseGid } from '@concordat/wire';
import type { InDoubtItemView, InDoubtListView } from '@concordat/wire/operations';
import type { Revealing } from './blocks.js';
import { blocksOf } from './blocks.js';
import type { Report } from './holdings.js';
import type { TruthPorts } from './ports.js';
import { instantText } from './texts.js';

/** Of one resource manager. */
const SHOWN_MAX = 500;
/** The journal has other things to do. */
const LOOKUPS_AT_ONCE_MAX = 8;

/** @throws JournalUnavailable */
export async function inDoubtListOf(
  ports: TruthPorts,
  reports: readonly Report[],
  at: Instant,
  revealing: Revealing,
): Promise<InDoubtListView> {
  const findings = findingsBy(ports);
  const all: InDoubtItemView[] = [];
  const missing: InDoubtListView['missing'] = [];
  for (const { resourceManager, report } of reports) {
    const { name } = resourceManager;
    if (report.type === 'unknown') {
      missing.push({ what: `what is prepared in ${name}`, reason: report.reason });
      continue;
    }
    const plain = report.holdings.map((holding) => {
      const finding = findings.get(keyOf(name, holding.branch));
      const item = itemOf(ports.cluster, at, holding.branch, finding);
      const found = { resourceManager: name, holding, report };
      return { resourceManager: name, ...item, blocks: blocksOf(found, revealing) };
    });
    const sorted = plain.toSorted(byUrgency);
    all.push(...sorted.slice(0, SHOWN_MAX));
    const more = sorted.length - SHOWN_MAX;
    if (more > 0) missing.push({ what: `${more} more in ${name}`, reason: TOO_MANY });
  }
  const items = await withPhases(ports, all.toSorted(byUrgency));
  return { at: instantText(at), items: [...items], missing };
}

const TOO_MANY = `only the first ${SHOWN_MAX} of a resource manager are shown`;

/** What recovery thinks of each, by resource manager, name and id (N1). */
function findingsBy({ recovery }: TruthPorts): ReadonlyMap<string, Finding> {
  const all = recovery
    .statuses()
    .flatMap(({ name, findings }) =>
      findings.map((finding) => [keyOf(name, finding.branch), finding] as const),
    );
  return new Map(all);
}

/** As recovery tells them apart: the same name can be prepared again. */
function keyOf(resourceManager: string, { gid, id, preparedAt }: PreparedBranch): string {
  return [resourceManager, gid, id ?? '', preparedAt ?? ''].join('@');
}

type Plain = Omit<InDoubtItemView, 'resourceManager' | 'blocks' | 'phase'>;

function itemOf(
  cluster: string,
  at: Instant,
  branch: Holding['branch'],
  finding: Finding | undefined,
): Plain {
  const { gid, name, preparedAt, owner, database } = branch;
  const ours = isOurs(branch, cluster);
  return {
    gid,
    ours,
    ...(name === undefined ? {} : { gtid: name.gtid, branch: name.branch }),
    ...standingOf(branch, cluster, finding),
    ...(preparedAt === undefined
      ? {}
      : { preparedAt: instantText(preparedAt), ageMs: Math.max(0, at - preparedAt) }),
    ...(owner === undefined ? {} : { owner }),
    ...(database === undefined ? {} : { database }),
  };
}

/** N2. */
function isOurs(branch: PreparedBranch, cluster: string): branch is NamedBranch {
  const { name } = branch;
  return name !== undefined && (name.cluster === undefined || name.cluster === cluster);
}

function standingOf(
  branch: PreparedBranch,
  cluster: string,
  finding: Finding | undefined,
): Pick<Plain, 'standing' | 'reason' | 'mayEnd' | 'whyNot'> {
  if (!isOurs(branch, cluster)) {
    const isNamed = branch.name !== undefined;
    const reason = isNamed ? 'it belongs to another cluster' : 'the name is none of ours';
    return { standing: 'others', reason, mayEnd: false, whyNot: `${reason}: it is never touched` };
  }
  if (finding === undefined) {
    const reason = 'recovery has not seen it yet';
    return { standing: 'in-doubt', reason, mayEnd: false, whyNot: `${reason}: wait for its scan` };
  }
  const { reason, standing } = finding.verdict;
  switch (standing) {
    case 'orphaned':
      return { standing, reason, mayEnd: true };
    case 'reappeared':
      return { standing, reason, mayEnd: false, whyNot: 'recovery ends it as was decided' };
    case 'in-doubt':
    case 'others':
      return { standing, reason, mayEnd: false, whyNot: 'its transaction ends it' };
  }
}

const URGENCY: { readonly [S in InDoubtItemView['standing']]: number } = {
  orphaned: 0,
  reappeared: 1,
  'in-doubt': 2,
  others: 3,
};

/** What blocks most comes first among its like, then what has waited longest. */
function byUrgency(one: InDoubtItemView, other: InDoubtItemView): number {
  return (
    URGENCY[one.standing] - URGENCY[other.standing] ||
    other.blocks.sessionsTotal - one.blocks.sessionsTotal ||
    (other.ageMs ?? 0) - (one.ageMs ?? 0)
  );
}

/** Where the transaction of each is, if the journal knows it. */
async function withPhases(
  ports: TruthPorts,
  items: readonly InDoubtItemView[],
): Promise<readonly InDoubtItemView[]> {
  const done: InDoubtItemView[] = [];
  for (let from = 0; from < items.length; from += LOOKUPS_AT_ONCE_MAX) {
    const some = items.slice(from, from + LOOKUPS_AT_ONCE_MAX);
    done.push(...(await Promise.all(some.map((item) => withPhase(ports, item)))));
  }
  return done;
}

async function withPhase(
  { engine, cluster }: TruthPorts,
  item: InDoubtItemView,
): Promise<InDoubtItemView> {
  const name = parseGid(item.gid);
  if (!item.ours || name === undefined) return item;
  const record = await engine.find(name.gtid);
  if (record === undefined) return unheardOf(item, name.cluster === cluster);
  const phase = summaryOf(record.transaction).phase as NonNullable<InDoubtItemView['phase']>;
  return { ...item, phase };
}

/**
 * N4.
 * @param isOfCluster its name bears our own cluster
 */
function unheardOf(item: InDoubtItemView, isOfCluster: boolean): InDoubtItemView {
  if (item.mayEnd) return item;
  const { whyNot: _, ...plain } = item;
  if (isOfCluster) return { ...plain, mayEnd: true };
  return { ...plain, whyNot: 'its transaction is not known: recovery has to judge it first' };
}
