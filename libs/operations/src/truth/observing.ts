// One branch, asked: its participant, and the resource managers in which a service may have
// prepared it. What came of it, as people see it.
//
// O1. A service that takes part in 2PC through the SDK prepares `concordat:<gtid>:<branch>` in its
//     own database. If that is registered as a resource manager too, it can be asked itself: what
//     it lists is prepared, whatever the service says, or if it says nothing.
// O2. What it does not list proves nothing: the service may prepare elsewhere.
import type { BranchDefinition, Probed, Record as TransactionRecord } from '@concordat/engine';
import { probesOf } from '@concordat/engine';
import { resultOf } from '@concordat/protocols';
import { gidOf } from '@concordat/wire';
import type { ObservationView } from '@concordat/wire/operations';
import type { Located } from './blocks.js';
import { located } from './blocks.js';
import type { Report } from './holdings.js';
import type { TruthPorts } from './ports.js';
import { instantText } from './texts.js';
import { withinTime } from './within-time.js';

/** One branch, as it was found. */
export interface Seen {
  readonly observation: Omit<ObservationView, 'byHand'>;
  readonly observed: Probed['observed'];
  readonly located: Located | undefined;
}

export async function observe(
  ports: TruthPorts,
  record: TransactionRecord,
  branch: BranchDefinition,
  reports: Promise<readonly Report[]>,
  timeoutMs: number,
): Promise<Seen> {
  const at = ports.clock.now();
  const [probed, all] = await Promise.all([probe(ports, record, branch, timeoutMs), reports]);
  const found = placeOf(ports, record, branch, all);
  const said = found === undefined ? probed : inDatabase(found, probed);
  const { since, evidence, source, resourceManager, gid, query } = said;
  return {
    observed: said.observed,
    located: found,
    observation: {
      observed: said.observed,
      at: instantText(at),
      tookMs: Math.max(0, ports.clock.now() - at),
      source,
      ...(resourceManager === undefined ? {} : { resourceManager }),
      ...(gid === undefined ? {} : { gid }),
      ...(since === undefined ? {} : { since: instantText(since) }),
      evidence,
      ...(query === undefined ? {} : { query }),
    },
  };
}

/** Never rejects, and ends in time, also where a participant's adapter does not. */
function probe(
  ports: TruthPorts,
  { gtid, definition, transaction }: TransactionRecord,
  { id, participant }: BranchDefinition,
  timeoutMs: number,
): Promise<Probed> {
  const late: Probed = {
    observed: 'unreachable',
    source: 'participant',
    evidence: `no answer within ${timeoutMs} ms`,
  };
  const inquiry = {
    gtid,
    branch: id,
    protocol: definition.protocol,
    participant,
    result: resultOf(transaction, id),
    traceparent: definition.traceparent,
    timeoutMs,
  };
  const asked = (): Promise<Probed> => probesOf(ports.participants).probe(inquiry);
  return withinTime(ports.timers, timeoutMs, asked, late);
}

/** Where it is prepared, in a resource manager that its participant is, or prepares in (O1). */
function placeOf(
  { cluster, resourceManagers }: TruthPorts,
  { gtid, definition }: TransactionRecord,
  { id, participant }: BranchDefinition,
  reports: readonly Report[],
): Located | undefined {
  if (definition.protocol !== '2pc') return undefined;
  const isDatabase = resourceManagers.some(({ name }) => name === participant);
  const gid = gidOf({ cluster: isDatabase ? cluster : undefined, gtid, branch: id });
  const own = reports.filter(({ resourceManager }) => resourceManager.name === participant);
  return located(isDatabase ? own : reports, gid);
}

/** What a resource manager lists wins over whatever else was said (O1). */
function inDatabase({ resourceManager, holding }: Located, probed: Probed): Probed {
  const isSame = probed.source === 'resource-manager' && probed.observed === 'prepared';
  if (isSame) return probed;
  const { gid, preparedAt } = holding.branch;
  const service = probed.observed === 'unreachable' ? 'does not answer' : 'says';
  const beside = `its service ${service}: ${probed.evidence}`;
  return {
    observed: 'prepared',
    source: 'resource-manager',
    resourceManager,
    gid,
    ...(preparedAt === undefined ? {} : { since: preparedAt }),
    evidence: `${gid} is prepared in ${resourceManager}; ${beside}`,
    ...(probed.query === undefined ? {} : { query: probed.query }),
  };
}
