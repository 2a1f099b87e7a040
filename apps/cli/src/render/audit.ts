// A line of the audit: when, who, what, upon which evidence.
import type { AuditItemView } from '@concordat/wire/operations';
import type { Look } from './look.js';
import { wrapped } from './text.js';
import { timeOf } from './time.js';

export function auditLines(item: AuditItemView, { paint, columns }: Look): readonly string[] {
  const target = Object.values(item.target).join(' ');
  const stage = item.stage === 'done' ? '' : ` (${item.stage})`;
  const head = `${timeOf(item.at)}  ${item.actor.name}  ${item.action}${stage}  ${target}`;
  const evidence = textOf(item.evidence);
  return [
    ...wrapped(head, columns),
    ...(item.reason === null ? [] : wrapped(`reason: ${item.reason}`, columns, '  ')),
    ...(evidence === '' ? [] : wrapped(`evidence: ${evidence}`, columns, '  ')),
    paint('dim', `  ${item.seq} · ${item.id} · ${item.hash.slice(0, 16)}`),
  ];
}

function textOf(evidence: unknown): string {
  if (evidence === undefined || evidence === null) return '';
  return typeof evidence === 'string' ? evidence : JSON.stringify(evidence);
}
