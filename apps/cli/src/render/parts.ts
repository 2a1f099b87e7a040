// What several commands show alike.
import type {
  Harm,
  OverviewView,
  TriageItemView,
  TriageListView,
  VerdictView,
  WaitingSessionView,
} from '@concordat/wire/operations';
import type { Look, Style } from './look.js';
import { agoOf, spanOf } from './time.js';
import { wrapped } from './text.js';

/** A partial answer never looks complete. */
export function missingLines(
  missing: TriageListView['missing'],
  { paint, columns }: Look,
): readonly string[] {
  return missing.flatMap(({ what, reason }) =>
    wrapped(`incomplete: ${what}: ${reason}`, columns).map((line) => paint('yellow', line)),
  );
}

/** What may not be seen is not missing: what is shown is all of the rest. */
export function hiddenLines(
  hidden: OverviewView['hidden'],
  { paint, columns }: Look,
): readonly string[] {
  return hidden.flatMap(({ what, reason }) =>
    wrapped(`not shown to you: ${what}: ${reason}`, columns).map((line) => paint('dim', line)),
  );
}

/** `committing`, `paused in committing`, or its outcome once it has ended. */
export function stateOf({
  phase,
  outcome,
  paused,
}: Pick<TriageItemView, 'phase' | 'outcome' | 'paused'>): string {
  if (outcome !== undefined) return outcome;
  return paused ? `paused in ${phase}` : phase;
}

/** Of a participant that a person holds back. */
export function pauseSaid(name: string, { by, reason, since }: Pause, { now }: Look): string {
  return `${name} is called by nobody: paused by ${by} ${agoOf(since, now)}: ${reason}`;
}

type Pause = Omit<TriageItemView['waitsForPaused'][number], 'participant'>;

const HARM_STYLES: { readonly [H in Harm]: Style } = {
  heuristic: 'red',
  blocking: 'red',
  'in-doubt-decided': 'yellow',
  'in-doubt-undecided': 'yellow',
  'compensation-stuck': 'yellow',
  'step-stuck': 'yellow',
  paused: 'cyan',
};

export function harmStyle(harm: Harm | null): Style | undefined {
  return harm === null ? undefined : HARM_STYLES[harm];
}

const SEVERITY_STYLES: { readonly [S in VerdictView['severity']]: Style } = {
  fine: 'green',
  wait: 'cyan',
  attention: 'yellow',
  danger: 'red',
};

export function severityStyle(severity: VerdictView['severity']): Style {
  return SEVERITY_STYLES[severity];
}

/** What a verdict says, its most important word first. */
export function verdictLines(
  { severity, summary, consequence, safe }: VerdictView,
  { paint, columns }: Look,
  indent = '',
): readonly string[] {
  const [head = '', ...rest] = wrapped(summary, columns, indent);
  const advice = safe.map((one, at) => `${at === 0 ? 'safe: ' : 'or:   '}${one}`);
  return [
    paint(severityStyle(severity), head),
    ...rest.map((line) => paint(severityStyle(severity), line)),
    ...(consequence === '' ? [] : wrapped(consequence, columns, indent)),
    ...advice.flatMap((line) => wrapped(line, columns, indent)),
  ];
}

/** Who waits, for what, since when, and with which query. */
export function sessionLines(
  { pid, application, user, database, query, waitingMs, waitsFor, distance }: WaitingSessionView,
  { columns, paint }: Look,
  indent: string,
): readonly string[] {
  const since = waitingMs === undefined ? '' : `, for ${spanOf(waitingMs)}`;
  const behind = distance === 0 ? '' : `, behind ${distance} more`;
  const who = `${application === '' ? 'a session' : application} (${user}@${database}, pid ${pid})`;
  const what = `${who} waits for ${waitsFor}${behind}${since}`;
  return [
    ...wrapped(what, columns, indent),
    ...wrapped(query, columns, `${indent}  `).map((line) => paint('dim', line)),
  ];
}

export function counted(count: number, one: string, several = `${one}s`): string {
  return `${count} ${count === 1 ? one : several}`;
}
