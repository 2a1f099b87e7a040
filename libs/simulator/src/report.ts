// What a person reads of the simulator: tables of what was reached, and what a failure needs.
import { protocolNames } from '@concordat/protocols';
import { describeFault, faultKinds } from './faults.js';
import type { Result } from './simulate.js';
import type { Totals } from './totals.js';

const OUTCOMES = [
  'committed',
  'rolled-back',
  'partly-compensated',
  'heuristic-commit',
  'heuristic-rollback',
  'heuristic-mixed',
  'heuristic-hazard',
  'parked',
];
const TAIL_LINES = 30;

/** @param wallMs how long it took, by the wall clock */
export function tableOf(totals: Totals, wallMs: number): string {
  const { seeds, transactions, calls } = totals;
  const count = (name: string): string => grouped(calls.get(name) ?? 0);
  const perSecond = Math.round((transactions / wallMs) * 1_000);
  return [
    outcomesTable(totals),
    '',
    firedTable(totals),
    '',
    arrivalsLine(totals),
    `calls delivered ${count('delivered')}, of them duplicates ${count('duplicates')}`,
    `stale calls attempted ${count('staleAttempted')}, accepted ${count('staleAccepted')}`,
    `${grouped(seeds)} seeds, ${grouped(transactions)} transactions in ` +
      `${(wallMs / 1_000).toFixed(1)} s: ${grouped(perSecond)} transactions a second`,
  ].join('\n');
}

function outcomesTable({ outcomes }: Totals): string {
  const header = ['', ...protocolNames];
  const rows = OUTCOMES.map((outcome) => [
    outcome,
    ...protocolNames.map((protocol) => grouped(outcomes.get(`${protocol} ${outcome}`) ?? 0)),
  ]);
  return aligned([header, ...rows]);
}

function arrivalsLine({ arrivals }: Totals): string {
  const counts = [...arrivals].sort(([left], [right]) => (left < right ? -1 : 1));
  return `arrivals: ${counts.map(([name, count]) => `${name} ${grouped(count)}`).join(', ')}`;
}

/** Two kinds a line. */
function firedTable({ fired }: Totals): string {
  const cells = faultKinds.map((kind) => [kind, grouped(fired.get(kind) ?? 0)]);
  const half = Math.ceil(cells.length / 2);
  const rows = cells.slice(0, half).map((cell, index) => {
    return [...cell, `   ${cells[index + half]?.[0] ?? ''}`, cells[index + half]?.[1] ?? ''];
  });
  return `faults that fired\n${aligned(rows, [2])}`;
}

/** The seed, what was wrong, what it took, and how to see it again. */
export function failureOf(result: Result): string {
  const { seed, complaints, faults, trace } = result;
  return [
    `seed ${seed} fails:`,
    ...complaints.map((complaint) => `  ${complaint}`),
    faults.length === 0 ? 'without a fault' : 'with these faults:',
    ...faults.map((fault) => `  ${describeFault(fault)}`),
    'the last that happened:',
    ...trace.slice(-TAIL_LINES).map((line) => `  ${line}`),
  ].join('\n');
}

export function summaryOf(result: Result): string {
  const { seed, faults, traceHash, counts } = result;
  const outcomes = [...counts.outcomes].sort(([left], [right]) => (left < right ? -1 : 1));
  return [
    `seed ${seed} passes: ${counts.transactions} transactions`,
    ...outcomes.map(([name, count]) => `  ${name}: ${count}`),
    faults.length === 0 ? 'without a fault' : 'with these faults:',
    ...faults.map((fault) => `  ${describeFault(fault)}`),
    `trace ${traceHash}`,
  ].join('\n');
}

/** Columns of equal width; all but the first and those of `left` are numbers, to the right. */
function aligned(rows: readonly (readonly string[])[], left: readonly number[] = []): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const pad = (cell: string, column: number): string => {
    const width = widths[column] ?? 0;
    const isLeft = column === 0 || left.includes(column);
    return isLeft ? cell.padEnd(width) : cell.padStart(width);
  };
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}

function grouped(value: number): string {
  return value.toLocaleString('en-GB').replaceAll(',', ' ');
}
