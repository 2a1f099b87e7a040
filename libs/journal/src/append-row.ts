// An entry of the journal as a row of the statement that appends it.
import type { BranchDefinition, Definition, Entry } from '@concordat/engine';
import { assert, summaryOf } from '@concordat/protocols';
import type { AppendRow } from './statements/append.js';
import { arrayLiteral } from './text-array.js';

/** @throws InvariantViolation if the entry contradicts itself */
export function rowOf(entry: Entry): AppendRow {
  const { gtid, transaction, definition, idempotency } = entry;
  const { version, ...state } = transaction;
  const { phase, outcome } = summaryOf(transaction);
  assert((entry.dueAt === null) === (outcome !== undefined), 'only an ended entry is never due');
  assert(version > 1 || definition !== undefined, 'version 1 has a definition');
  assert(version === 1 || idempotency === undefined, 'only version 1 has an idempotency key');
  return {
    gtid,
    version,
    protocol: state.current.protocol,
    phase,
    outcome: outcome ?? null,
    stuck: entry.stuck,
    forced: entry.forced,
    dueAt: entry.dueAt,
    at: entry.at,
    state: JSON.stringify(state), // the version has a column of its own
    attempts: JSON.stringify(entry.attempts),
    line: JSON.stringify(entry.line),
    definition: definition === undefined ? null : JSON.stringify(definition),
    participants: definition === undefined ? null : arrayLiteral(participantsOf(definition)),
    name: definition?.name ?? null,
    tenant: definition?.tenant ?? DEFAULT_TENANT,
    metadata: JSON.stringify(definition?.metadata ?? {}),
    begunAt: definition?.begunAt ?? entry.at,
    key: idempotency?.key ?? null,
    digest: idempotency?.digest ?? null,
  };
}

/** Of whoever began without one, and of everything that was begun before there were tenants. */
const DEFAULT_TENANT = 'default';

export function charactersIn({ state, line, definition }: AppendRow): number {
  return state.length + line.length + (definition?.length ?? 0);
}

/** What a search by participant looks for: a name, or a URL given inline. */
function participantsOf({ branches }: Definition): readonly string[] {
  const nameOf = ({ participant }: BranchDefinition): string =>
    typeof participant === 'string' ? participant : participant.url;
  return [...new Set(branches.map(nameOf))];
}
