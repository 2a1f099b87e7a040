// `concordat alerts`: the rules that watch, and whom they tell; `alerts create`, `change`, `enable`,
// `disable`, `remove`, `test`.
//
// L1. The secret that a rule signs with stands alone on standard output when the rule is made, this
//     once. All else is for people, on the other stream.
// L2. A rule is changed whole: what is not given stays as it was when it was read, a moment before.
import type { AlertRuleView } from '@concordat/wire/operations';
import {
  alertRuleListSchema,
  alertRuleViewSchema,
  deliverySchema,
  newAlertRuleSchema,
} from '@concordat/wire/operations';
import type { Command } from 'commander';
import type { Api } from '../api.js';
import { nothing, operations } from '../api.js';
import { exitCodes } from '../failure.js';
import { itemOf } from '../item.js';
import { conditionText, ruleLines } from '../render/alert.js';
import { cleanText } from '../render/text.js';
import type { Answer, Asked, Shell } from '../shell.js';
import { told } from '../shell.js';
import { withReason } from './acting.js';
import type { Changing, Making } from './alert-options.js';
import { changedBy, conditionOf, hookIn, withChanges, withRule } from './alert-options.js';

interface Reasoned {
  readonly reason: string;
}

export function addAlerts(program: Command, shell: Shell): void {
  const alerts = program
    .command('alerts')
    .description('the rules that watch: what holds now, and what they told')
    .action(
      shell.answering(async ({ api }) =>
        told(await rulesOf(api), ({ items }, look) =>
          items.length === 0 ? ['none'] : items.flatMap((rule) => ruleLines(rule, look)),
        ),
      ),
    );
  withReason(withRule(alerts.command('create <name>')))
    .description('make a rule; the secret that it signs with is printed, alone, this once')
    .action(shell.answering<Making>(make));
  withReason(withChanges(alerts.command('change <rule>')))
    .description('change what is given, and leave the rest: its id, the beginning of that, or name')
    .action(
      shell.answering<Changing & Reasoned>(async ({ api, args: [text = ''], options }) =>
        put(api, changedBy(await ruleOf(api, text), options), options.reason),
      ),
    );
  for (const verb of ['enable', 'disable'] as const) {
    const enabled = verb === 'enable';
    withReason(alerts.command(`${verb} <rule>`))
      .description(enabled ? 'watch, and tell' : 'neither watch nor tell, until it is enabled')
      .action(
        shell.answering<Reasoned>(async ({ api, args: [text = ''], options }) =>
          put(api, { ...(await ruleOf(api, text)), enabled }, options.reason),
        ),
      );
  }
  addRemoveAndTest(alerts, shell);
}

function addRemoveAndTest(alerts: Command, shell: Shell): void {
  withReason(alerts.command('remove <rule>'))
    .description('remove it, and what it told')
    .action(
      shell.answering<Reasoned>(async ({ api, args: [text = ''], options: { reason } }) => {
        const { id } = await ruleOf(api, text);
        await api.send('DELETE', operations('alerts', id), { reason }, nothing);
        return { ...told(null, () => []), lines: () => [`done: it is removed (${id})`] };
      }),
    );
  alerts
    .command('test <rule>')
    .description('tell its webhook that this is a test: exit code 1 if it could not be told')
    .action(
      shell.answering(async ({ api, args: [text = ''] }) => {
        const { id } = await ruleOf(api, text);
        const came = await api.post(operations('alerts', id, 'test'), undefined, deliverySchema);
        const code = came.result === 'delivered' ? exitCodes.done : exitCodes.refused;
        return told(came, ({ result, said }) => [`${result}: ${said}`], code);
      }),
    );
}

/** L1. */
async function make({ api, args, options, shell }: Asked<Making>): Promise<Answer> {
  const [name = ''] = args;
  const { to, quiet: quietMs, disabled = false, reason, json } = options;
  const condition = conditionOf(options.watch, options);
  const quiet = quietMs === undefined ? {} : { quietMs };
  const asked = { name, condition, url: hookIn(to), ...quiet, enabled: !disabled, reason };
  const made = await api.post(operations('alerts'), asked, newAlertRuleSchema);
  if (json !== true) for (const line of madeLines(made)) shell.complain(line);
  return told(made, ({ secret }) => [secret]);
}

function madeLines({ id, name, condition }: AlertRuleView): readonly string[] {
  return [
    cleanText(`done: "${name}" watches ${conditionText(condition)} (${id})`),
    'The secret that it signs with is shown this once, and nobody can read it again:',
  ];
}

/** L2. */
async function put(api: Api, rule: AlertRuleView, reason: string): Promise<Answer> {
  const { id, name, condition, url, quietMs, enabled } = rule;
  const asked = { name, condition, url, quietMs, enabled, reason };
  const path = operations('alerts', id);
  return told(await api.send('PUT', path, asked, alertRuleViewSchema), ruleLines);
}

async function ruleOf(api: Api, text: string): Promise<AlertRuleView> {
  return itemOf((await rulesOf(api)).items, text, 'rule');
}

function rulesOf(api: Api): Promise<{ readonly items: AlertRuleView[] }> {
  return api.get(operations('alerts'), alertRuleListSchema);
}
