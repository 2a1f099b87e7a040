// A rule that watches: what for, whom it tells, why it holds now, what came of the last message.
import type { AlertCondition, AlertRuleView } from '@concordat/wire/operations';
import type { Look } from './look.js';
import { wrapped } from './text.js';
import { agoOf, spanOf } from './time.js';

export function conditionText(condition: AlertCondition): string {
  return condition.watch === 'in-doubt-age'
    ? `in-doubt-age, more than ${spanOf(condition.olderThanMs)}`
    : `${condition.watch}, ${condition.atLeast} or more`;
}

export function ruleLines(rule: AlertRuleView, { paint, columns, now }: Look): readonly string[] {
  const { id, name, condition, url, quietMs, enabled, madeBy, firing, deliveries } = rule;
  const state = !enabled ? 'disabled' : firing.length === 0 ? 'watches' : 'holds';
  const style = state === 'holds' ? 'red' : state === 'watches' ? 'green' : 'dim';
  const again = `not again within ${spanOf(quietMs)}`;
  const [last] = deliveries;
  return [
    `${paint('bold', name)}  ${paint(style, state)}`,
    ...wrapped(`${conditionText(condition)}; tells ${url}, ${again}`, columns, '  '),
    ...firing.flatMap(({ cause, said, since }) =>
      wrapped(`since ${agoOf(since, now)}: ${said} (${cause})`, columns, '  '),
    ),
    ...(last === undefined
      ? []
      : wrapped(`last told ${agoOf(last.at, now)}: ${last.result}: ${last.said}`, columns, '  ')),
    paint('dim', `  made by ${madeBy} · ${id}`),
  ];
}
