// The table of answers (docs/PROTOCOL.md, coordinator → participant), for questions: what the
// coordinator does with each kind of answer, and what it tells of it.
import { describe, expect, test } from 'vitest';
import { startCoordinator } from '../support/coordinator.js';
import { databaseFromTemplate } from '../support/databases.js';
import type { Scripted, ScriptedParticipant } from '../support/scripted-participants.js';
import { ScriptedParticipants } from '../support/scripted-participants.js';
import { Api } from './api.js';

const { databaseUrl } = await databaseFromTemplate();
const participants = await ScriptedParticipants.open();
const coordinator = await startCoordinator({
  DATABASE_URL: databaseUrl,
  CONCORDAT_ALLOWED_URLS: 'http://127.0.0.1:*',
  CONCORDAT_SWEEP_PERIOD_MS: '50',
});
const api = new Api(coordinator.url);

const MIB = 1_048_576;
const retry = { firstDelayMs: 20, delayMaxMs: 100 };

/** One branch at `tested`, one that says yes to everything. */
function bodyFor(protocol: string, tested: ScriptedParticipant): object {
  return {
    protocol,
    branches: [
      { id: 'tested', participant: { url: tested.url }, timeoutMs: 300, retry },
      { id: 'willing', participant: { url: participants.add().url }, retry },
    ],
  };
}

const questions = [
  ['2pc', 'prepare', 'prepared'],
  ['3pc', 'can-commit', 'acknowledged'],
  ['tcc', 'try', 'tried'],
  ['saga', 'execute', 'done'],
] as const;

describe.each(questions)('%s, to the question %s', (protocol, question) => {
  test.each<[string, Scripted]>([
    ['200 with an empty body', { status: 200 }],
    ['200 with {}', { status: 200, body: {} }],
    ['201', { status: 201, body: {} }],
    ['204', { status: 204 }],
    ['299', { status: 299 }],
  ])('%s is yes', async (_, answer) => {
    const tested = participants.add().answers(question, answer);
    expect(await api.begin(bodyFor(protocol, tested))).toMatchObject({
      outcome: 'committed',
      branches: [{ id: 'tested', attempts: 0 }, {}],
    });
    expect(tested.calls(question)).toHaveLength(1);
  });

  test.each<[string, Scripted]>([
    ['409 with a reason', { status: 409, body: { reason: 'no such account' } }],
    ['409 with {}', { status: 409, body: {} }],
    ['409 with an empty body', { status: 409 }],
  ])('%s is a refusal, and never asked again', async (_, answer) => {
    const tested = participants.add().answers(question, answer);
    expect(await api.begin(bodyFor(protocol, tested))).toMatchObject({
      outcome: 'rolled-back',
      branches: [{ id: 'tested', state: 'refused' }, {}],
    });
    expect(tested.calls(question)).toHaveLength(1);
  });

  test.each<[string, Scripted]>([
    ['202', { status: 202 }],
    ['202 with Retry-After', { status: 202, headers: { 'retry-after': '0' } }],
    ['425', { status: 425 }],
  ])('%s is still working: asked again with the same token, and no failure', async (_, answer) => {
    const tested = participants.add().answers(question, answer, answer, { status: 200 });
    const { gtid } = await api.begin(bodyFor(protocol, tested), { prefer: 'wait=20' });
    expect(await api.untilEnded(gtid)).toMatchObject({
      outcome: 'committed',
      branches: [{ attempts: 0 }, {}],
    });
    const tokens = tested.calls(question).map(({ headers }) => headers['concordat-token']);
    expect(tokens).toHaveLength(3);
    expect(new Set(tokens).size).toBe(1);
  });

  test.each<[string, Scripted, RegExp]>([
    ['500', { status: 500 }, /500/],
    ['503', { status: 503 }, /503/],
    ['404', { status: 404 }, /404/],
    ['400', { status: 400 }, /400/],
    ['a redirect', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }, /302/],
    ['a reset', 'reset', /./],
    ['silence', 'silence', /./],
    ['a body that is no JSON', { status: 200, body: '<html>' }, /./],
    ['a body that is no object', { status: 200, body: '[1]' }, /./],
    ['a body that says nothing known', { status: 200, body: { vote: 'perhaps' } }, /./],
    ['a body that contradicts its status', { status: 409, body: { vote: 'prepared' } }, /./],
    ['a body of more than 1 MiB', { status: 200, body: { result: 'x'.repeat(MIB) } }, /./],
  ])('%s is in doubt: not a no, asked again, and the reason is kept', async (_, answer, reason) => {
    const tested = participants.add().answers(question, answer, answer, { status: 200 });
    const { gtid } = await api.begin(bodyFor(protocol, tested), { prefer: 'wait=20' });
    const { outcome, branches } = await api.untilEnded(gtid);
    expect(outcome).toBe('committed');
    expect(branches[0]).toMatchObject({ attempts: 2, lastError: expect.stringMatching(reason) });
    expect(branches[0]).not.toHaveProperty('nextAttemptAt');
    expect(tested.calls(question)).toHaveLength(3);
  });

  test('410 is stale: not a no either', async () => {
    const stale = { status: 410, body: { stale: true } };
    const tested = participants.add().answers(question, stale, { status: 200 });
    const { gtid } = await api.begin(bodyFor(protocol, tested), { prefer: 'wait=20' });
    expect(await api.untilEnded(gtid)).toMatchObject({ outcome: 'committed' });
    expect(tested.calls(question)).toHaveLength(2);
  });

  test('it is asked no more often than its initiator allows, and then given up', async () => {
    const tested = participants.add().answers(question, { status: 500 });
    const { gtid } = await api.begin({
      protocol,
      branches: [
        {
          id: 'tested',
          participant: { url: tested.url },
          retry: { ...retry, attemptsMax: 3 },
        },
      ],
    });
    expect(await api.untilEnded(gtid)).toMatchObject({ outcome: 'rolled-back' });
    expect(tested.calls(question)).toHaveLength(3);
  });

  test('while it is in doubt, the representation says why and when it is asked again', async () => {
    const tested = participants.add().answers(question, { status: 500 });
    const { gtid } = await api.begin(bodyFor(protocol, tested), { prefer: 'respond-async' });
    const shown = await api.until(gtid, 'stuck', ({ stuck }) => stuck);
    expect(shown).toMatchObject({ decision: 'undecided' });
    expect(shown.branches[0]?.attempts).toBeGreaterThanOrEqual(3);
    expect(shown.branches[0]).toMatchObject({
      lastError: expect.stringContaining('500'),
      nextAttemptAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    await api.post(`/v1/transactions/${gtid}/rollback`);
    expect(await api.untilEnded(gtid)).toMatchObject({ outcome: 'rolled-back' });
  });
});
