import { createHmac } from 'node:crypto';
import { systemTimers } from '@concordat/engine';
import { openJournal } from '@concordat/journal';
import type { Alerts, Situation } from '@concordat/operations';
import { openAlerts } from '@concordat/operations';
import { UrlAllowList, WebhookSender } from '@concordat/participants';
import type { Instant } from '@concordat/protocols';
import {
  alertRuleListSchema,
  alertRuleViewSchema,
  deliverySchema,
  newAlertRuleSchema,
} from '@concordat/wire/operations';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { databaseFromTemplate } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { newGtid } from '../support/gtids.js';
import { asking, bodyOf, everybody, principal } from './triage-parts.js';
import { webhookReceiver } from './webhook-receiver.js';

const { databaseUrl, pool } = await databaseFromTemplate();
const opened = await openJournal({ databaseUrl, owner: 'here' });
afterAll(() => opened.close());

const admin = principal([{ tenant: '*', roles: ['admin'] }], 'Ada');

const receiver = await webhookReceiver();
const { url, received } = receiver;
const webhooks = new WebhookSender(UrlAllowList.of(['http://127.0.0.1:*']));
afterAll(() => webhooks.close());

const nothing: Situation = {
  causes: [],
  items: [],
  blocked: [],
  heuristics: 0,
  orphans: [],
  missing: [],
};
let situation: Situation = nothing;

/** An hour ago, stuck at this participant. */
function stuckAt(participant: string, error = 'HTTP 503'): Situation['items'][number] {
  const begunAt = (Date.now() - 3_600_000) as Instant;
  const call = {
    branch: 'a' as never,
    participant,
    operation: 'commit',
    error,
    errorAt: begunAt,
    nextAttemptAt: begunAt,
    fingerprint: `${participant}-${error}`,
  };
  return {
    gtid: newGtid(),
    tenant: 'default',
    protocol: '2pc',
    decision: 'commit',
    begunAt,
    stuck: true,
    paused: false,
    calls: [call],
  };
}

const running: Alerts[] = [];

/** Looks at once, and again as soon as `again` is called. */
function alerts(changes: { readonly allowed?: UrlAllowList } = {}) {
  let again: () => void = () => undefined;
  const sender = changes.allowed === undefined ? webhooks : new WebhookSender(changes.allowed);
  const one = openAlerts({
    store: {
      run: (statement, values) => opened.database.run(statement, values) as never,
      audited: opened.audited as never,
    },
    clock: opened.clock,
    // The ten seconds between two looks are over when a test says so.
    timers: {
      after: (delayMs, run) => {
        if (delayMs === 0) return systemTimers.after(0, run);
        again = run;
        return () => undefined;
      },
    },
    ids: { next: () => newGtid() },
    troubled: (_, error) => {
      throw error;
    },
    situation: () => Promise.resolve(situation),
    webhooks: sender,
    publicUrl: 'https://concordat.example',
  });
  running.push(one);
  const look = async (): Promise<void> => {
    const looked = again;
    looked();
    await eventually('it has looked', () => again !== looked);
  };
  return { ...one, ask: asking(one.routes), look };
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()));
  await pool.query('delete from concordat.alert_rule');
  received.length = 0;
  receiver.answers = 204;
  receiver.delayMs = 0;
  situation = nothing;
});

const asked = {
  name: 'In doubt for long',
  condition: { watch: 'in-doubt-age', olderThanMs: 60_000 },
  url,
  quietMs: 3_600_000,
  reason: 'we sleep at night',
};

async function started(change: object = {}) {
  const one = alerts();
  const made = bodyOf(
    await one.ask(admin, 'POST', 'alerts', { ...asked, ...change }),
    newAlertRuleSchema,
  );
  one.start();
  await eventually('it has looked', async () => {
    const { rows } = await pool.query(`select from concordat.alert_lease where until > now()`);
    return rows.length === 1;
  });
  return { ...one, made };
}

async function ruleNow(one: Pick<ReturnType<typeof alerts>, 'ask'>) {
  const { items } = bodyOf(await one.ask(admin, 'GET', 'alerts'), alertRuleListSchema);
  return items[0];
}

describe('a rule that holds', () => {
  test('tells its webhook once for each cause, signed, with a link to the page', async () => {
    situation = {
      ...nothing,
      items: [stuckAt('bank'), stuckAt('bank'), stuckAt('till', 'connect ECONNREFUSED')],
    };
    const one = await started();
    await eventually('it has told', () => received.length === 2);
    await one.look();
    await one.look();
    expect(received).toHaveLength(2);
    const [first] = received;
    const { data } = first?.json ?? { data: {} };
    expect(first?.json.type).toBe('concordat.alert');
    expect(data).toMatchObject({
      rule: { id: one.made.id, name: 'In doubt for long' },
      cause: 'bank-HTTP 503',
      said: expect.stringContaining('2 transactions are in doubt') as string,
      link: 'https://concordat.example/ui/#/transactions?cause=bank-HTTP%20503',
    });
    const {
      'webhook-id': id,
      'webhook-timestamp': at,
      'webhook-signature': signature,
    } = first?.headers ?? {};
    const secret = Buffer.from(one.made.secret.replace('whsec_', ''), 'base64');
    const text = `${String(id)}.${String(at)}.${first?.body}`;
    const mac = createHmac('sha256', secret).update(text).digest('base64');
    expect(signature).toBe(`v1,${mac}`);
    expect(Math.abs(Number(at) * 1_000 - Date.now())).toBeLessThan(300_000);
    expect(await ruleNow(one)).toMatchObject({
      firing: [{ cause: 'bank-HTTP 503' }, { cause: 'till-connect ECONNREFUSED' }],
      deliveries: [
        { result: 'delivered', said: 'HTTP 204' },
        { result: 'delivered', said: 'HTTP 204' },
      ],
    });
  });

  test('tells it again when it has been quiet for long enough, though it never stopped', async () => {
    situation = { ...nothing, items: [stuckAt('bank')] };
    const one = await started();
    await one.look(); // and what was told is noted
    expect(received).toHaveLength(1);
    await pool.query(`update concordat.alert_firing set due_at = now()`);
    await one.look();
    await eventually('it has told again', () => received.length === 2);
    const [first, second] = received;
    expect(first?.headers['webhook-id']).not.toBe(second?.headers['webhook-id']);
  });

  test('does not tell again what came and went before that', async () => {
    situation = { ...nothing, items: [stuckAt('bank')] };
    const one = await started();
    await one.look();
    expect(received).toHaveLength(1);
    situation = nothing;
    await one.look();
    expect((await ruleNow(one))?.firing).toEqual([]);
    situation = { ...nothing, items: [stuckAt('bank')] };
    await one.look();
    expect((await ruleNow(one))?.firing).toHaveLength(1);
    expect(received).toHaveLength(1);
  });

  test('takes nothing for over where somebody could not be asked', async () => {
    situation = { ...nothing, items: [stuckAt('bank')] };
    const one = await started();
    await one.look();
    expect(received).toHaveLength(1);
    situation = { ...nothing, missing: [{ what: 'bank-db', reason: 'ECONNREFUSED' }] };
    await one.look();
    expect((await ruleNow(one))?.firing).toHaveLength(1);
  });

  test('is told by one of however many instances', async () => {
    receiver.delayMs = 500; // whoever is not kept from it looks before it is noted
    const one = alerts();
    await one.ask(admin, 'POST', 'alerts', asked);
    situation = { ...nothing, items: [stuckAt('bank')] };
    const all = [one, alerts(), alerts(), alerts()];
    for (const each of all) each.start();
    await eventually('it is noted', async () => (await ruleNow(one))?.deliveries.length === 1);
    for (const each of all) await each.look();
    expect(received).toHaveLength(1);
    await pool.query(`update concordat.alert_firing set due_at = now()`); // and whoever is left
    await Promise.all(all.slice(0, 2).map((each) => each.stop()));
    for (const each of all.slice(2)) await each.look();
    await Promise.all(all.slice(2).map((each) => each.stop()));
    expect(received).toHaveLength(2);
  });
});

describe('what each rule watches', () => {
  const session = { resourceManager: 'bank-db' } as never;
  const item = stuckAt('bank');
  test.each<[string, object, Partial<Situation>, string[]]>([
    ['stuck-count', { atLeast: 2 }, { items: [item] }, []],
    [
      'stuck-count',
      { atLeast: 2 },
      { items: [item, stuckAt('till')] },
      ['bank-HTTP 503', 'till-HTTP 503'],
    ],
    ['in-doubt-age', { olderThanMs: 7_200_000 }, { items: [item] }, []],
    ['blocked-sessions', { atLeast: 3 }, { blocked: [session, session] }, []],
    ['blocked-sessions', { atLeast: 2 }, { blocked: [session, session] }, ['blocked:bank-db']],
    ['heuristics', { atLeast: 1 }, { heuristics: 0 }, []],
    ['heuristics', { atLeast: 1 }, { heuristics: 1 }, ['heuristics']],
    ['orphans', { atLeast: 2 }, { orphans: [{ resourceManager: 'b', count: 2 }] }, ['orphans:b']],
    ['orphans', { atLeast: 3 }, { orphans: [{ resourceManager: 'b', count: 2 }] }, []],
  ])('%s %o of %o', async (watch, bound, now, causes) => {
    situation = { ...nothing, ...now };
    const one = await started({ condition: { watch, ...bound } });
    await one.look();
    const told = received.map(({ json }) => String(json.data['cause']));
    expect(told.toSorted()).toEqual(causes);
  });
});

describe('a webhook that cannot be told', () => {
  test('is tried again, so many times, and each attempt is shown', async () => {
    receiver.answers = 503;
    situation = { ...nothing, items: [stuckAt('bank')] };
    const one = await started();
    for (let count = 0; count < 12; count += 1) {
      await one.look();
      const over = `update concordat.alert_firing set due_at = now() where due_at < now() + $1`;
      await pool.query(over, ['30 minutes']); // and what waits for its quiet hour goes on waiting
    }
    expect(received).toHaveLength(9);
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect((await ruleNow(one))?.deliveries[0]).toMatchObject({
      result: 'failed',
      said: 'HTTP 503',
    });
  });

  test('is not followed elsewhere, and nothing that it answers is told on', async () => {
    receiver.answers = 302;
    const one = await started();
    const test = await one.ask(admin, 'POST', `alerts/${one.made.id}/test`);
    expect(bodyOf(test, deliverySchema)).toMatchObject({ result: 'failed', said: 'HTTP 302' });
    expect(JSON.stringify(await ruleNow(one))).not.toContain('behind');
    expect(received).toHaveLength(1);
  });

  test('is not called once the allow-list has changed', async () => {
    await started();
    const strict = alerts({ allowed: UrlAllowList.of(['https://hooks.example']) });
    const rule = await ruleNow(strict);
    const test = await strict.ask(admin, 'POST', `alerts/${rule?.id}/test`);
    expect(bodyOf(test, deliverySchema)).toMatchObject({
      result: 'failed',
      said: 'The URL is not on the allow-list',
    });
    expect(received).toHaveLength(0);
  });
});

describe('rules', () => {
  let one: ReturnType<typeof alerts>;
  beforeAll(() => {
    one = alerts();
  });
  const made = async () =>
    bodyOf(await one.ask(admin, 'POST', 'alerts', asked), newAlertRuleSchema);

  test.each(['http://10.0.0.1/hook', 'http://127.0.0.1@evil/', 'file:///etc/passwd', 'no'])(
    'are not made for %s',
    async (bad) => {
      const asks = one.ask(admin, 'POST', 'alerts', { ...asked, url: bad });
      await expect(asks).rejects.toMatchObject({
        kind: 'malformed-request',
        errors: [{ pointer: '/url' }],
      });
    },
  );

  test('show their secret once, and neither it nor the path to readers or to the audit', async () => {
    const { id, secret } = await made();
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const listed = await one.ask(admin, 'GET', 'alerts');
    expect(bodyOf(listed, alertRuleListSchema).items[0]).toMatchObject({ id, url });
    expect(JSON.stringify(listed)).not.toContain(secret.slice(6));
    const [toReader] = bodyOf(await one.ask(everybody, 'GET', 'alerts'), alertRuleListSchema).items;
    expect(toReader?.url).toBe(new URL(url).origin);
    const { rows } = await pool.query('select line::text as line from concordat.audit');
    expect(JSON.stringify(rows)).not.toContain('/hook');
    expect(JSON.stringify(rows)).not.toContain(secret.slice(6));
  });

  test('are made, changed, tested and removed with a line in the audit for each', async () => {
    const { id } = await made();
    const changed = { ...asked, name: 'Other', enabled: false, reason: 'too loud' };
    const after = await one.ask(admin, 'PUT', `alerts/${id}`, changed);
    expect(bodyOf(after, alertRuleViewSchema)).toMatchObject({ name: 'Other', enabled: false });
    expect(bodyOf(await one.ask(admin, 'POST', `alerts/${id}/test`), deliverySchema)).toMatchObject(
      {
        result: 'delivered',
        cause: 'test',
      },
    );
    expect(received[0]?.json.type).toBe('concordat.alert.test');
    expect(await one.ask(admin, 'DELETE', `alerts/${id}`, { reason: 'gone' })).toEqual({
      status: 204,
    });
    const { rows } = await pool.query<{ action: string; reason: string; by: string }>(
      `select action, line ->> 'reason' as reason, actor as by from concordat.audit
        where line -> 'target' ->> 'rule' = $1 order by seq`,
      [id],
    );
    expect(rows).toEqual([
      { action: 'alert.make', reason: 'we sleep at night', by: 'Ada' },
      { action: 'alert.change', reason: 'too loud', by: 'Ada' },
      { action: 'alert.test', reason: null, by: 'Ada' },
      { action: 'alert.remove', reason: 'gone', by: 'Ada' },
    ]);
  });

  test('that are not there are neither changed, nor removed, nor tested; nothing is audited', async () => {
    const { rows: before } = await pool.query('select seq from concordat.audit_head');
    const id = newGtid();
    for (const [method, path, body] of [
      ['PUT', `alerts/${id}`, asked],
      ['DELETE', `alerts/${id}`, { reason: 'x' }],
      ['POST', `alerts/${id}/test`, undefined],
      ['DELETE', 'alerts/no-uuid', { reason: 'x' }],
    ] as const) {
      await expect(one.ask(admin, method, path, body)).rejects.toMatchObject({
        kind: 'unknown-item',
      });
    }
    expect((await pool.query('select seq from concordat.audit_head')).rows).toEqual(before);
  });

  test('are not more than a hundred', async () => {
    await pool.query(
      `insert into concordat.alert_rule
              (id, name, condition, url, quiet_ms, enabled, secret, made_by)
       select gen_random_uuid(), n::text, '{"watch":"heuristics","atLeast":1}', 'x', 1, false, '', ''
         from generate_series(1, 100) as n`,
    );
    await expect(one.ask(admin, 'POST', 'alerts', asked)).rejects.toMatchObject({
      kind: 'too-many',
    });
  });
});
