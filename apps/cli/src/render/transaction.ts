// One transaction on a terminal: where it is; what follows from what is true; its branches, with
// what the journal says beside what their participants say; what it blocks; what may be done.
import type {
  AvailabilityView,
  BranchTruthView,
  TransactionDetailView,
  TruthView,
} from '@concordat/wire/operations';
import { auditLines } from './audit.js';
import { journalLines } from './journal.js';
import type { Look } from './look.js';
import {
  counted,
  harmStyle,
  pauseSaid,
  sessionLines,
  severityStyle,
  stateOf,
  verdictLines,
} from './parts.js';
import { tableOf } from './table.js';
import { wrapped } from './text.js';
import { agoOf, spanOf, timeOf } from './time.js';

interface Shown {
  readonly detail: TransactionDetailView;
  readonly truth: TruthView | null;
}

export function transactionLines(
  { detail, truth }: Shown,
  look: Look,
  { journal = false }: { readonly journal?: boolean },
): readonly string[] {
  return [
    ...headLines(detail, look),
    ...(truth === null ? [] : section(look, 'What is true', verdictLines(truth.verdict, look))),
    ...section(
      look,
      'Branches',
      truth === null ? branchLines(detail, look) : truthLines(truth, look),
    ),
    ...(truth === null ? [] : section(look, 'What it blocks', blockLines(truth, look))),
    ...section(look, 'What may be done', actionLines(detail.actions, look)),
    ...(journal ? section(look, 'Journal', journalLines(detail)) : []),
    ...section(
      look,
      'What people did',
      detail.audit.flatMap((item) => auditLines(item, look)),
    ),
  ];
}

/** @returns nothing if there is nothing in it */
function section({ paint }: Look, title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', paint('bold', title), ...lines];
}

function headLines({ transaction, forgotten, machine }: TransactionDetailView, look: Look) {
  const { paint, columns, now } = look;
  const { gtid, protocol, decision, begunAt, deadlineAt, endedAt, harm, why } = transaction;
  const { name, tenant, version, owner, metadata } = transaction;
  const state = `${protocol}  ${stateOf(transaction)}, decision ${decision}`;
  const begun = `begun ${timeOf(begunAt)} (${agoOf(begunAt, now)})`;
  const end =
    endedAt === undefined ? `deadline ${agoOf(deadlineAt, now)}` : `ended ${agoOf(endedAt, now)}`;
  const more = Object.entries(metadata).map(([key, value]) => `${key}=${value}`);
  const reasons = [harm, why].filter((part) => part !== null);
  return [
    `${paint('bold', gtid)}  ${state}`,
    ...wrapped(
      [...(name === null ? [] : [name]), begun, end, `version ${version}`].join(' · '),
      columns,
      '  ',
    ),
    ...wrapped([`tenant ${tenant}`, `driven by ${owner}`, ...more].join(' · '), columns, '  '),
    ...(reasons.length === 0
      ? []
      : wrapped(reasons.join(': '), columns, '  ').map((line) =>
          paint(harmStyle(harm) ?? 'bold', line),
        )),
    ...transaction.waitsForPaused.flatMap(({ participant, ...pause }) =>
      wrapped(pauseSaid(participant, pause, look), columns, '  '),
    ),
    ...(endedAt === undefined
      ? wrapped(`if the coordinator crashed now: ${machine.ifItCrashed}`, columns, '  ')
      : []),
    ...(forgotten === null
      ? []
      : wrapped(`dealt with by ${forgotten.by}: ${forgotten.reason}`, columns, '  ')),
  ];
}

const BRANCHES = [
  { title: 'BRANCH', min: 6 },
  { title: 'PARTICIPANT', min: 8 },
  { title: 'STATE' },
  { title: 'ATTEMPTS', align: 'right' },
  { title: 'LAST ERROR', min: 12 },
] as const;

function branchLines({ transaction }: TransactionDetailView, look: Look): readonly string[] {
  const rows = transaction.branches.map(({ id, participant, state, attempts, lastError = '' }) => {
    const where = typeof participant === 'string' ? participant : participant.url;
    return [id, where, state, String(attempts), lastError];
  });
  return tableOf(BRANCHES, rows, look);
}

const TRUTHS = [
  { title: 'BRANCH', min: 6 },
  { title: 'PARTICIPANT', min: 8 },
  { title: 'JOURNAL SAYS' },
  { title: 'PARTICIPANT SAYS' },
  { title: 'VERDICT', min: 16 },
] as const;

function truthLines({ branches, complete, askedAt }: TruthView, look: Look): readonly string[] {
  const rows = branches.map(({ branch, participant, journalSays, participantSays, verdict }) => {
    const { observed, byHand } = participantSays;
    const says = byHand ? `${observed}, by hand` : observed;
    const style = severityStyle(verdict.severity);
    return [branch, participant, journalSays, says, { text: verdict.summary, style }];
  });
  return [
    ...tableOf(TRUTHS, rows, look),
    ...branches.flatMap((branch) => evidenceLines(branch, look)),
    ...(complete
      ? []
      : [look.paint('yellow', `incomplete: not every branch could be asked (${timeOf(askedAt)})`)]),
  ];
}

function evidenceLines(
  { branch, outstanding, participantSays, verdict }: BranchTruthView,
  { columns, paint }: Look,
): readonly string[] {
  const { evidence, source, tookMs, query } = participantSays;
  const asked = source === 'none' ? 'nobody can be asked' : `asked in ${spanOf(tookMs)}`;
  const call = outstanding === undefined ? '' : `; ${outstanding} is outstanding`;
  return [
    ...wrapped(`${branch}: ${evidence} (${asked})${call}`, columns, '  '),
    ...(verdict.severity === 'fine' ? [] : wrapped(verdict.consequence, columns, '    ')),
    ...(query === undefined ? [] : wrapped(query, columns, '    ').map((l) => paint('dim', l))),
  ];
}

function blockLines({ branches }: TruthView, look: Look): readonly string[] {
  return branches.flatMap(({ branch, blocks }) => {
    if (!blocks.known) {
      const why = blocks.reason ?? 'it cannot tell';
      return wrapped(`${branch}: not known: ${why}`, look.columns, '  ');
    }
    if (blocks.locks.length === 0 && blocks.sessionsTotal === 0) return [];
    const held = blocks.locks.map(({ relation, mode, kind }) => `${relation ?? kind} (${mode})`);
    const waiting = `${counted(blocks.sessionsTotal, 'session')} waiting`;
    const locks = held.length === 0 ? 'no locks' : `holds ${held.join(', ')}`;
    return [
      ...wrapped(`${branch} ${locks}; ${waiting}`, look.columns, '  '),
      ...blocks.sessions.flatMap((session) => sessionLines(session, look, '    ')),
    ];
  });
}

const ACTIONS = [
  { title: 'ACTION' },
  { title: 'BRANCH', min: 6 },
  { title: 'MAY' },
  { title: 'WHAT IT DOES, OR WHY NOT', min: 20 },
] as const;

/** Those that may be done first. */
function actionLines(actions: readonly AvailabilityView[], look: Look): readonly string[] {
  const sorted = [...actions].sort((a, b) => Number(b.allowed) - Number(a.allowed));
  const rows = sorted.map(({ action, branch = '', allowed, needsApproval, effect, reason }) => {
    const may = allowed ? (needsApproval ? 'with a second person' : 'yes') : 'no';
    return [
      action,
      branch,
      { text: may, style: allowed ? ('green' as const) : ('dim' as const) },
      allowed ? effect : reason,
    ];
  });
  return tableOf(ACTIONS, rows, look);
}
