// The rules that watch: made, changed and removed by people, each with its line in the audit.
//
// A1. A rule's URL is checked against the allow-list when it is given, and when it is called.
// A2. The URL itself may be a secret (many webhooks are): who does not manage alerts sees its
//     origin, and so does the audit.
import type { Principal } from '@concordat/access';
import { may } from '@concordat/access';
import type { AuditLine } from '@concordat/engine';
import type { AlertDeliveryView, AlertRuleView } from '@concordat/wire/operations';
import { ALL_TENANTS, alertRuleRequestSchema, reasonSchema } from '@concordat/wire/operations';
import type { AlertRuleRequest } from '@concordat/wire/operations';
import { z } from 'zod';
import type { OperatorRequest } from '../api.js';
import { Refusal } from '../api.js';
import { actorIn, bodyOf, itemIdOf, malformed, unknownItem } from '../requests.js';
import {
  CHANGE_RULE,
  DELIVERIES,
  FIRING,
  MAKE_RULE,
  REMOVE_RULE,
  RULE_WITH_SECRET,
  RULES,
} from './statements/rules.js';
import { NOTE_TOLD } from './statements/watching.js';
import type { AlertPorts, RuleRow } from './ports.js';
import { linkTo, RULES_MAX } from './ports.js';
import { messageId, newSecret, secretText, tell } from './webhook.js';

const DELIVERIES_SHOWN_MAX = 10;

const removalSchema = z.strictObject({ reason: reasonSchema });

export class Rules {
  constructor(
    private readonly ports: Pick<AlertPorts, 'store' | 'clock' | 'ids' | 'webhooks' | 'publicUrl'>,
  ) {}

  async list(principal: Principal): Promise<AlertRuleView[]> {
    type Firing = { rule: string; cause: string; said: string; since: Date };
    type Delivery = {
      rule: string;
      at: Date;
      cause: string;
      result: AlertDeliveryView['result'];
      said: string;
    };
    const { run } = this.ports.store;
    const rows = await run<RuleRow>(RULES, [RULES_MAX]);
    const ids = rows.map(({ id }) => id);
    const [firing, deliveries] = await Promise.all([
      run<Firing>(FIRING, []),
      run<Delivery>(DELIVERIES, [ids, DELIVERIES_SHOWN_MAX]),
    ]);
    return rows.map((row) => ({
      ...viewOf(row, principal),
      firing: firing
        .filter(({ rule }) => rule === row.id)
        .map(({ cause, said, since }) => ({ cause, said, since: since.toISOString() })),
      deliveries: deliveries
        .filter(({ rule }) => rule === row.id)
        .map(({ at, cause, result, said }) => ({ at: at.toISOString(), cause, result, said })),
    }));
  }

  async make(request: OperatorRequest): Promise<AlertRuleView & { readonly secret: string }> {
    const asked = this.asked(request);
    const [id, secret] = [this.ports.ids.next(), newSecret()];
    const { name, condition, url, quietMs, enabled } = asked;
    const madeBy = request.principal.name;
    const line = this.line(request, 'make', id, asked.reason, { after: told(asked) });
    await this.ports.store.audited(line, async (run) => {
      const given = [id, name, JSON.stringify(condition), url, quietMs, enabled, secret, madeBy];
      const made = await run(MAKE_RULE, [...given, RULES_MAX]);
      if (made.length === 0) {
        throw new Refusal('too-many', `There are ${RULES_MAX} rules: remove one first.`);
      }
    });
    const row = { id, name, condition, url, quiet_ms: quietMs, enabled, made_by: madeBy };
    return { ...viewOf(row, request.principal), secret: secretText(secret) };
  }

  async change(request: OperatorRequest): Promise<AlertRuleView> {
    const id = itemIdOf(request);
    const asked = this.asked(request);
    const before = await this.rule(id);
    const { name, condition, url, quietMs, enabled } = asked;
    const what = { before: toldOfRow(before), after: told(asked) };
    const line = this.line(request, 'change', id, asked.reason, what);
    await this.ports.store.audited(line, async (run) => {
      const values = [id, name, JSON.stringify(condition), url, quietMs, enabled];
      if ((await run(CHANGE_RULE, values)).length === 0) throw unknownItem();
    });
    const now = (await this.list(request.principal)).find((rule) => rule.id === id);
    if (now === undefined) throw unknownItem();
    return now;
  }

  async remove(request: OperatorRequest): Promise<void> {
    const id = itemIdOf(request);
    const { reason } = bodyOf(removalSchema, request);
    const before = toldOfRow(await this.rule(id));
    const line = this.line(request, 'remove', id, reason, { before });
    await this.ports.store.audited(line, async (run) => {
      if ((await run(REMOVE_RULE, [id])).length === 0) throw unknownItem();
    });
  }

  /** Tells the webhook that this is a test, and what came of it. */
  async test(request: OperatorRequest): Promise<AlertDeliveryView> {
    const rule = await this.rule(itemIdOf(request));
    const { id, name, condition, url, secret } = rule;
    const { clock, store, ids, publicUrl, webhooks } = this.ports;
    const line = this.line(request, 'test', id, null, { before: toldOfRow(rule) });
    await store.audited(line, () => Promise.resolve());
    const [cause, now] = ['test', clock.now()];
    const said = `${request.principal.name} tests the rule "${name}"`;
    const since = new Date(now).toISOString();
    const type = 'concordat.alert.test' as const;
    const link = linkTo(publicUrl, '/alerts');
    const about = { rule: { id, name }, condition, cause, said, since, link };
    const message = { id: messageId(id, ids.next()), type, ...about };
    const came = await tell(webhooks, url, secret, message, now);
    const values = [id, cause, came.isDelivered, 0, 0, came.said];
    await store.run(NOTE_TOLD, values);
    return { at: since, cause, result: came.isDelivered ? 'delivered' : 'failed', said: came.said };
  }

  /** A1. */
  private asked(request: OperatorRequest): AlertRuleRequest {
    const asked = bodyOf(alertRuleRequestSchema, request);
    const fault = this.ports.webhooks.faultOf(asked.url);
    if (fault !== undefined) throw malformed([{ pointer: '/url', message: fault }]);
    return asked;
  }

  private async rule(id: string): Promise<RuleRow & { readonly secret: Buffer }> {
    type Row = RuleRow & { readonly secret: Buffer };
    const [row] = await this.ports.store.run<Row>(RULE_WITH_SECRET, [id]);
    if (row === undefined) throw unknownItem();
    return row;
  }

  private line(
    request: OperatorRequest,
    verb: 'make' | 'change' | 'remove' | 'test',
    rule: string,
    reason: string | null,
    what: Pick<AuditLine, 'before' | 'after'>,
  ): AuditLine {
    return {
      id: this.ports.ids.next(),
      actor: actorIn(request),
      action: `alert.${verb}`,
      stage: 'done',
      tenant: ALL_TENANTS,
      target: { rule },
      reason,
      ...what,
    };
  }
}

/** A2. Without its secret, and nothing that it has told yet. */
function viewOf(row: RuleRow, principal: Principal): AlertRuleView {
  const { id, name, condition, url, enabled } = row;
  return {
    id,
    name,
    condition,
    url: may(principal, 'alerts.manage', ALL_TENANTS) ? url : originOf(url),
    quietMs: row.quiet_ms,
    enabled,
    madeBy: row.made_by,
    firing: [],
    deliveries: [],
  };
}

/** A2. */
function told(asked: Omit<AlertRuleRequest, 'reason'>): NonNullable<AuditLine['after']> {
  const { name, condition, url, quietMs, enabled } = asked;
  return { name, condition: { ...condition }, url: originOf(url), quietMs, enabled };
}

function toldOfRow({ quiet_ms: quietMs, ...row }: RuleRow): NonNullable<AuditLine['before']> {
  return told({ ...row, quietMs });
}

function originOf(url: string): string {
  return URL.parse(url)?.origin ?? '';
}
