// Longer than 2^31 ms a timer of Node cannot count: it fires at once (fault 46). No bound that an
// initiator or a participant may use comes near, and what is beyond one is refused or cut. The
// engine's own timers are in libs/engine/src/timers.spec.ts, those of queues in test/wakeups.
import { expect, test } from 'vitest';
import { Api, malformed, problemIn } from '../http/api.js';
import { databaseFromTemplate } from '../support/databases.js';
import { ScriptedParticipants } from '../support/scripted-participants.js';
import { coordinatorOn } from './coordinating.js';

const OVERFLOW_MS = 2 ** 31;
/** The most that docs/PROTOCOL.md allows. */
const DEADLINE_MS_MAX = 604_800_000;
const CALL_MS_MAX = 300_000;
const RETRY_MS_MAX = 3_600_000;
/** Many sweeps, and many times as long as a timer that has overflown takes. */
const WATCH_MS = 300;

const { databaseUrl } = await databaseFromTemplate();
const participants = await ScriptedParticipants.open();
const { url } = await coordinatorOn(databaseUrl, { CONCORDAT_ALLOWED_URLS: 'http://127.0.0.1:*' });
const api = new Api(url);
const watch = () => new Promise((resolve) => setTimeout(resolve, WATCH_MS));

test('the longest deadline and the longest call are not over at once', async () => {
  const silent = participants.add().answers('prepare', 'silence');
  const branches = [
    {
      id: 'a',
      participant: { url: silent.url },
      timeoutMs: CALL_MS_MAX,
      retry: { firstDelayMs: RETRY_MS_MAX, delayMaxMs: RETRY_MS_MAX },
    },
  ];
  const body = { protocol: '2pc', deadlineMs: DEADLINE_MS_MAX, branches };
  const { gtid } = await api.begin(body, { prefer: 'respond-async' });
  const idle = await api.begin(
    { protocol: '2pc', deadlineMs: DEADLINE_MS_MAX },
    { prefer: 'respond-async' },
  );
  await watch();
  expect(await api.find(gtid)).toMatchObject({
    decision: 'undecided',
    branches: [{ attempts: 0 }],
  });
  expect(await api.find(idle.gtid)).toMatchObject({ phase: 'active' });
  expect(silent.calls()).toHaveLength(1);
});

test.each([
  ['the longest delay between attempts', { status: 500 }],
  ['a Retry-After of a hundred years', { status: 202, headers: { 'retry-after': '3155760000' } }],
])('%s is not over at once, and is an hour at most', async (_, answer) => {
  const busy = participants.add().answers('prepare', answer);
  const retry = { firstDelayMs: RETRY_MS_MAX, delayMaxMs: RETRY_MS_MAX };
  const branches = [{ id: 'a', participant: { url: busy.url }, retry }];
  const body = { protocol: '2pc', deadlineMs: DEADLINE_MS_MAX, branches };
  const { gtid } = await api.begin(body, { prefer: 'respond-async' });
  const { branches: shown } = await api.until(
    gtid,
    'asked again later',
    (transaction) => transaction.branches[0]?.nextAttemptAt !== undefined,
  );
  const inMs = Date.parse(shown[0]?.nextAttemptAt ?? '') - Date.now();
  expect(inMs).toBeGreaterThan(RETRY_MS_MAX / 4);
  expect(inMs).toBeLessThan(2 * RETRY_MS_MAX);
  await watch();
  expect(busy.calls()).toHaveLength(1);
});

test('what a timer could not count is refused', async () => {
  const branches = [
    {
      id: 'a',
      participant: { url: participants.add().url },
      timeoutMs: OVERFLOW_MS,
      retry: { firstDelayMs: OVERFLOW_MS, delayMaxMs: OVERFLOW_MS },
    },
  ];
  const body = { protocol: '2pc', deadlineMs: OVERFLOW_MS, branches };
  expect(problemIn(await api.post('/v1/transactions', body))).toEqual(
    malformed(
      '/deadlineMs',
      '/branches/0/timeoutMs',
      '/branches/0/retry/firstDelayMs',
      '/branches/0/retry/delayMaxMs',
    ),
  );
});
