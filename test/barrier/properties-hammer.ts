// Ten thousand sequences of one protocol, in lanes that run side by side, each with its own seed.
// CONCORDAT_SEQUENCES says how many instead. A failure names its seed and the shortest script.
import { isDeepStrictEqual } from 'node:util';
import type { Operation, ProtocolName, Summary } from '@concordat/protocols';
import fc from 'fast-check';
import type { Script } from './properties-script.js';
import { scripts, SUBJECT } from './properties-script.js';
import type { Tally } from './properties-sequence.js';
import { emptyTally, Sequence } from './properties-sequence.js';
import type { Effects, Found, Service } from './properties-service.js';

const SEQUENCES = Number(process.env['CONCORDAT_SEQUENCES'] ?? 10_000);
/** They wait for the database more than they compute. */
export const LANES = 12;

export interface Hammered {
  readonly tally: Tally;
  readonly sequences: number;
  /** Of each lane that has failed: how, and how to see it again. */
  readonly failures: readonly string[];
}

export async function hammer(service: Service, protocol: ProtocolName): Promise<Hammered> {
  const tally = emptyTally();
  const property = fc.asyncProperty(scripts(protocol), (script) =>
    check(service, protocol, script, tally),
  );
  const numRuns = Math.ceil(SEQUENCES / LANES);
  const lanes = Array.from({ length: LANES }, () => fc.check(property, { numRuns }));
  const results = await Promise.all(lanes);
  return {
    tally,
    sequences: results.reduce((sum, result) => sum + result.numRuns, 0),
    failures: results.flatMap((result) =>
      result.failed ? [`${String(result.errorInstance)}\n${fc.defaultReportMessage(result)}`] : [],
    ),
  };
}

async function check(
  service: Service,
  protocol: ProtocolName,
  script: Script,
  tally: Tally,
): Promise<void> {
  const sequence = new Sequence(service, protocol, script, tally);
  const summary = await sequence.run();
  const found = await service.find(sequence.gtid);
  const wrong = faultOf(protocol, summary, found);
  if (wrong !== undefined) throw new Error(`${wrong}: ${JSON.stringify({ summary, found })}`);
}

/**
 * What is wrong with what the service has done, given what its coordinator has heard: an operation
 * that was done twice, or half done, or not as it was acknowledged.
 */
function faultOf(
  protocol: ProtocolName,
  { decision, branches }: Summary,
  { effects, prepared }: Found,
): string | undefined {
  if (prepared) return 'something is left prepared';
  const state = branches.find(({ id }) => id === SUBJECT)?.state ?? '';
  const isLegal = legalEnds(protocol, state, decision).some((legal) =>
    isDeepStrictEqual(legal, effects),
  );
  return isLegal ? undefined : `a branch that is ${state} must not have had these effects`;
}

/** What a branch may have done that has ended in `state`; nothing is legal for one that lies. */
function legalEnds(
  protocol: ProtocolName,
  state: string,
  decision: Summary['decision'],
): readonly Effects[] {
  const [forward, complete, undo] = operations[protocol];
  const nothing: Effects = {};
  const undone: readonly Effects[] = [nothing, { [forward]: 1, ...times(undo) }];
  switch (state) {
    case 'refused':
      return protocol === '3pc' ? undone : [nothing]; // it may say no because a peer has aborted it
    case 'waiting':
    case 'read-only':
      return [nothing];
    case 'done':
      return [{ [forward]: 1 }];
    case 'compensated':
      return undone;
    case 'acknowledged':
      if (decision === 'commit') return [{ [forward]: 1, ...times(complete) }, ...alone[protocol]];
      return undo === undefined ? [nothing] : undone;
    default:
      return [];
  }
}

type Named = Operation | undefined;

/** The operations that run a handler: the work itself, what makes it final, what undoes it. */
const operations: { readonly [P in ProtocolName]: readonly [Operation, Named, Named] } = {
  '2pc': ['prepare', undefined, undefined],
  '3pc': ['can-commit', 'do-commit', 'abort'],
  tcc: ['try', 'confirm', 'cancel'],
  saga: ['execute', undefined, 'compensate'],
};

/** What else a branch that has committed may have done: all of it in one. */
const alone: { readonly [P in ProtocolName]: readonly Effects[] } = {
  '2pc': [{ 'commit-one-phase': 1 }],
  '3pc': [],
  tcc: [],
  saga: [],
};

function times(operation: Named): Effects {
  return operation === undefined ? {} : { [operation]: 1 };
}
