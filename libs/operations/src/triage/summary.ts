// A transaction in Markdown, to be pasted into a ticket. Pure.
//
// M1. No payload and no result is in it: tickets are read by more people than this page.
// M2. What participants and initiators have written stands in code, where it cannot format.
import type { TransactionDetailView } from '@concordat/wire/operations';

type Told = Pick<TransactionDetailView, 'transaction' | 'machine' | 'spans' | 'branches' | 'audit'>;

const AUDIT_MAX = 10;

export function summaryInMarkdown({ transaction, machine, spans, branches, audit }: Told): string {
  const { gtid, protocol, name, phase, outcome, decision, begunAt, endedAt } = transaction;
  const lines = [
    `## ${protocol} \`${gtid}\`${name === null ? '' : ` (${code(name)})`}`,
    '',
    `- **Where**: ${phase}${outcome === undefined ? '' : `, ${outcome}`}; decision: ${decision}`,
    `- **Tenant**: ${transaction.tenant}; version ${transaction.version}`,
    `- **Begun**: ${begunAt}${endedAt === undefined ? `; deadline ${transaction.deadlineAt}` : `; ended ${endedAt}`}`,
    ...(transaction.harm === null ? [] : [`- **Harm**: ${transaction.harm}`]),
    ...(transaction.why === null ? [] : [`- **Why**: ${code(transaction.why)}`]),
    `- **If a coordinator crashed now**: ${machine.ifItCrashed}`,
    ...Object.entries(transaction.metadata).map(([key, value]) => `- ${code(key)}: ${code(value)}`),
    '',
    '| Branch | Participant | State | Latest call | Attempts | Last error | Next attempt |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...branches.map(({ id, participant, state }) => {
      const span = spans.findLast(({ branch }) => branch === id);
      const cells = [
        code(id),
        code(participant),
        state,
        span === undefined
          ? ''
          : `${span.operation}${span.answeredAt === undefined ? '' : ' (over)'}`,
        String(span?.attempts ?? ''),
        span?.lastError === undefined ? '' : code(span.lastError),
        span?.nextAttemptAt ?? '',
      ];
      return `| ${cells.join(' | ')} |`;
    }),
    ...(audit.length === 0 ? [] : ['', 'What people did, the latest first:', '']),
    ...audit.slice(0, AUDIT_MAX).map(({ at, actor, action, stage, reason }) => {
      const because = reason === null ? '' : `: ${code(reason)}`;
      return `- ${at} ${code(actor.name)} ${action} (${stage})${because}`;
    }),
  ];
  return `${lines.join('\n')}\n`;
}

/** M2. */
function code(text: string): string {
  const plain = text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').replaceAll('|', '¦');
  return `\`${plain.replaceAll('`', 'ʼ')}\``;
}
