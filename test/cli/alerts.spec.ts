// The rules that watch, from the command line: made, changed, switched off, tested, removed.
import { createHmac } from 'node:crypto';
import { spawn } from 'node:child_process';
import { alertRuleListSchema, auditListSchema } from '@concordat/wire/operations';
import { describe, expect, test } from 'vitest';
import { webhookReceiver } from '../operations/webhook-receiver.js';
import { TEST_API_KEY } from '../support/api-key.js';
import { Stuck } from './stuck.js';

const { api, concordat } = await Stuck.open();
const receiver = await webhookReceiver();
const why = ['--reason', 'who is on call'];
/** As it stands alone on a line. */
const SECRET = /^whsec_\S+\n$/;
const LIMITED = ['--watch', 'orphans', '--at-least', '3'];

async function made(name: string, ...more: readonly string[]): Promise<string> {
  const limited = more.length === 0 ? LIMITED : more;
  return concordat.tells('alerts', 'create', name, '--to', receiver.url, ...limited, ...why);
}

async function ruleNamed(name: string) {
  const { body } = await api.get('/v1/operations/alerts');
  const { items } = alertRuleListSchema.parse(body);
  return items.find((rule) => rule.name === name);
}

describe('a rule', () => {
  test('is made, its secret is printed alone, and what it signs is signed with that', async () => {
    const args = ['--to', receiver.url, '--watch', 'in-doubt-age', '--older-than', '5m', ...why];
    const { code, out, err } = await concordat.run('alerts', 'create', 'in doubt', ...args);
    expect(code).toBe(0);
    expect(out).toMatch(SECRET);
    expect(err).toMatch(/^done: "in doubt" watches in-doubt-age, more than 5 min /);
    expect(err).not.toContain('whsec_');
    expect(err).not.toContain(receiver.url);
    expect(await ruleNamed('in doubt')).toMatchObject({
      condition: { watch: 'in-doubt-age', olderThanMs: 300_000 },
      url: receiver.url,
      quietMs: 3_600_000,
      enabled: true,
    });

    expect(await concordat.tells('alerts', 'test', 'in doubt')).toMatch(/^delivered: /);
    const [message] = receiver.received.splice(0);
    const { headers = {}, body = '', json } = message ?? {};
    const { 'webhook-id': id, 'webhook-timestamp': at } = headers;
    const secret = Buffer.from(out.trim().replace('whsec_', ''), 'base64');
    const hmac = createHmac('sha256', secret).update(`${String(id)}.${String(at)}.${body}`);
    expect(headers['webhook-signature']).toBe(`v1,${hmac.digest('base64')}`);
    expect(json?.type).toBe('concordat.alert.test');
    const shown = await concordat.tells('alerts');
    expect(shown).toMatch(/^in doubt {2}watches\n {2}in-doubt-age, more than 5 min; tells http/m);
    expect(shown).toMatch(/last told .* ago: delivered: /);
  });

  test('that cannot tell says so when it is tested: exit code 1', async () => {
    await made('in vain');
    receiver.answers = 500;
    const { code, out } = await concordat.run('alerts', 'test', 'in vain');
    receiver.answers = 204;
    expect(receiver.received.splice(0)).toHaveLength(1);
    expect(code).toBe(1);
    expect(out).toMatch(/^failed: .*500/);
  });

  test('is changed in what is given, and in nothing else', async () => {
    await made('changed');
    const before = await ruleNamed('changed');
    const change = async (...args: readonly string[]) => {
      await concordat.tells('alerts', 'change', before?.id ?? '', ...args, ...why);
      return ruleNamed('changed');
    };
    expect(await change('--quiet', '2d')).toEqual({ ...before, quietMs: 172_800_000 });
    const condition = { watch: 'orphans', atLeast: 7 };
    expect(await change('--at-least', '7')).toMatchObject({ condition, quietMs: 172_800_000 });
    const older = { watch: 'in-doubt-age', olderThanMs: 1_000 };
    expect(await change('--watch', 'in-doubt-age', '--older-than', '1s')).toMatchObject({
      condition: older,
      url: receiver.url,
    });
    await concordat.tells('alerts', 'change', 'changed', '--name', 'its new name', ...why);
    expect(await ruleNamed('its new name')).toMatchObject({ id: before?.id, condition: older });
  });

  test('is switched off and on, and removed; each is in the audit, with its reason', async () => {
    await made('to go');
    const { id = '' } = (await ruleNamed('to go')) ?? {};
    const disabled = await concordat.tells('alerts', 'disable', 'to go', '--reason', 'a drill');
    expect(disabled).toMatch(/^to go {2}disabled\n/);
    expect(await ruleNamed('to go')).toMatchObject({ enabled: false });
    await concordat.tells('alerts', 'enable', id, '--reason', 'it is over');
    expect(await ruleNamed('to go')).toMatchObject({ enabled: true });
    const remove = ['alerts', 'remove', 'to go', '--reason', 'no longer'];
    expect(await concordat.tells(...remove)).toBe(`done: it is removed (${id})\n`);
    expect(await ruleNamed('to go')).toBeUndefined();
    expect(await concordat.run(...remove)).toMatchObject({ code: 1, out: '' });
    const { body } = await api.get('/v1/operations/audit?limit=3');
    const { items } = auditListSchema.parse(body);
    const told = items.map(({ action, reason }) => `${action}: ${reason}`);
    expect(told).toEqual([
      'alert.remove: no longer',
      'alert.change: it is over',
      'alert.change: a drill',
    ]);
  });

  test('may be made disabled, and its removal is a document too', async () => {
    await made('not yet', ...LIMITED, '--disabled');
    const { items } = alertRuleListSchema.parse(await concordat.json('alerts'));
    expect(items).toContainEqual(await ruleNamed('not yet'));
    expect(await ruleNamed('not yet')).toMatchObject({ enabled: false });
    expect(await concordat.json('alerts', 'remove', 'not yet', ...why)).toBeNull();
  });

  test('takes the URL that it tells from standard input, where nobody else reads it', async () => {
    const create = ['alerts', 'create', 'secretly', '--to', '-', ...LIMITED, ...why];
    const child = spawn(process.execPath, ['apps/cli/bin/concordat.mjs', ...create], {
      env: {
        PATH: process.env['PATH'],
        CONCORDAT_URL: concordat.url,
        CONCORDAT_API_KEY: TEST_API_KEY,
      },
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    child.stdin.end(`${receiver.url}\n`);
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code).toBe(0);
    expect(await ruleNamed('secretly')).toMatchObject({ url: receiver.url });
  });
});

describe('what is not understood', () => {
  const to = ['--to', 'http://127.0.0.1:9/'];
  test.each([
    ['nothing to watch', [...to, '--at-least', '1'], '--watch'],
    ['something else to watch', [...to, '--watch', 'tv', '--at-least', '1'], '--watch'],
    ['nobody to tell', LIMITED, '--to'],
    ['no limit', [...to, '--watch', 'stuck-count'], '--at-least'],
    ['no age', [...to, '--watch', 'in-doubt-age'], '--older-than'],
    ['an age of what has none', [...to, ...LIMITED, '--older-than', '5m'], '--older-than'],
    ['a count of an age', [...to, '--watch', 'in-doubt-age', '--at-least', '5'], '--at-least'],
    ['an age in nothing', [...to, '--watch', 'in-doubt-age', '--older-than', '5'], '--older-than'],
    ['too much quiet', [...to, ...LIMITED, '--quiet', '8d'], '--quiet'],
    ['a URL that is not allowed', ['--to', 'https://elsewhere.example', ...LIMITED], 'url'],
  ])('is a rule with %s', async (_, args, named) => {
    const { code, out, err } = await concordat.run('alerts', 'create', 'never', ...args, ...why);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(named);
    expect(await ruleNamed('never')).toBeUndefined();
  });

  test('is a change of nothing, and nothing is changed without a reason', async () => {
    await made('stays');
    const before = await ruleNamed('stays');
    const nothing = await concordat.run('alerts', 'change', 'stays', ...why);
    expect(nothing).toMatchObject({ code: 2, out: '' });
    for (const verb of ['disable', 'remove']) {
      const { code, err } = await concordat.run('alerts', verb, 'stays');
      expect(code).toBe(2);
      expect(err).toContain('--reason');
    }
    expect(await ruleNamed('stays')).toEqual(before);
  });
});

test('who may only read sees no more of a URL than where it leads, and changes nothing', async () => {
  await made('seen');
  const create = ['keys', 'create', 'reads', '--grant', '*=reader', ...why];
  const reader = concordat.as((await concordat.tells(...create)).trim());
  const shown = await reader.tells('alerts');
  expect(shown).toMatch(/^seen {2}watches$/m);
  expect(shown).not.toContain('/hook');
  const refused = await reader.run('alerts', 'disable', 'seen', ...why);
  expect(refused).toMatchObject({ code: 1, out: '' });
  expect(refused.err).toContain('alerts.manage');
});
