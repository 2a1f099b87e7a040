// Coordinators whose wall clocks are wrong: set forward or back by an hour while they work (fault
// 43), or a few seconds apart (fault 44). Leases, deadlines and attempts go by the clock of the
// database, so nothing is taken too early, and nothing is left lying.
//
// Each wrong one is a process of its own, whose `Date` is moved by a signal. Its log tells the time
// of its wall clock: that is how the fault is seen. Its timers are not moved, as those of a real
// process are not.
import { describe, test } from 'vitest';
import type { CoordinatorProcess } from '../support/coordinator.js';
import { startCoordinator } from '../support/coordinator.js';
import { databaseFromTemplate } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import type { ScriptedParticipant } from '../support/scripted-participants.js';
import { ScriptedParticipants } from '../support/scripted-participants.js';
import { Api } from '../http/api.js';

const HOUR_MS = 3_600_000;
const LEASE_MS = 4_000;
const TIMEOUT_MS = 60_000;
const DEADLINE_MS = 300_000;
/** Many sweeps: whoever goes by a wrong clock has taken a transaction by then. */
const WATCH_MS = 500;

const { databaseUrl } = await databaseFromTemplate();
const participants = await ScriptedParticipants.open();
const environment = {
  DATABASE_URL: databaseUrl,
  CONCORDAT_ALLOWED_URLS: 'http://127.0.0.1:*',
  CONCORDAT_LEASE_MS: `${LEASE_MS}`,
  CONCORDAT_SWEEP_PERIOD_MS: '50',
};
const right = await startCoordinator(environment);
const api = new Api(right.url);

/** What a process loads before anything else: at each SIGUSR2 its wall clock is set anew. */
const wallClock = (offsetsMs: readonly number[]): string => `
  const Right = Date;
  const next = ${JSON.stringify(offsetsMs)};
  let offsetMs = 0;
  process.on('SIGUSR2', () => { offsetMs = next.shift() ?? 0; });
  globalThis.Date = class Date extends Right {
    constructor(...given) {
      if (given.length === 0) super(Right.now() + offsetMs);
      else super(...given);
    }
    static now() { return Right.now() + offsetMs; }
  };`;

function startWrong(offsetsMs: readonly number[]): Promise<CoordinatorProcess> {
  const preload = `data:text/javascript,${encodeURIComponent(wallClock(offsetsMs))}`;
  const LOG_LEVEL = 'debug';
  return startCoordinator({ ...environment, LOG_LEVEL, NODE_OPTIONS: `--import=${preload}` });
}

/** By how much its wall clock was wrong when it last wrote into its log. */
async function wrongBy(wrong: CoordinatorProcess): Promise<number> {
  await beginIdle(wrong.url);
  return Date.parse(String(wrong.log.at(-1)?.['time'])) - Date.now();
}

/** One that nobody drives: its deadline ends it. */
async function beginIdle(url: string): Promise<string> {
  const body = { protocol: '2pc', deadlineMs: 300 };
  const { gtid } = await new Api(url).begin(body, { prefer: 'respond-async' });
  return gtid;
}

interface UnderWay {
  readonly gtid: string;
  readonly bank: ScriptedParticipant;
}

/** One whose participant never answers: it stays under way. */
async function begin(url: string): Promise<UnderWay> {
  const bank = participants.add().answers('prepare', 'silence');
  const branches = [{ id: 'a', participant: { url: bank.url }, timeoutMs: 300_000 }];
  const body = { protocol: '2pc', deadlineMs: DEADLINE_MS, branches };
  const { gtid } = await new Api(url).begin(body, { prefer: 'respond-async' });
  await eventually('it was asked', () => bank.calls('prepare').length > 0);
  return { gtid, bank };
}

const directions = [
  ['forward', [5_000, HOUR_MS]],
  ['back', [-5_000, -HOUR_MS]],
] as const;
const wrongs = new Map<string, CoordinatorProcess>();
for (const [direction, offsetsMs] of directions) wrongs.set(direction, await startWrong(offsetsMs));

describe('a wall clock that is set by five seconds, and then by an hour', () => {
  test.concurrent.for(directions)('%s', { timeout: TIMEOUT_MS }, async (row, { expect }) => {
    const [direction, offsetsMs] = row;
    const wrong = wrongs.get(direction) as CoordinatorProcess;
    const left: UnderWay[] = [await begin(wrong.url)];
    const kept: UnderWay[] = [];
    for (const byMs of offsetsMs) {
      process.kill(wrong.pid, 'SIGUSR2');
      await eventually('its wall clock is wrong', async () => {
        return Math.abs((await wrongBy(wrong)) - byMs) < Math.abs(byMs) / 2;
      });
      left.push(await begin(wrong.url));
      kept.push(await begin(right.url));

      // Nobody takes what the other is at work on, and no deadline of five minutes has passed.
      await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
      for (const { bank, gtid } of [...left, ...kept]) {
        expect(bank.calls()).toHaveLength(1);
        const { decision, begunAt, deadlineAt } = await api.find(gtid);
        expect(decision).toBe('undecided');
        expect(Date.parse(deadlineAt) - Date.parse(begunAt)).toBe(DEADLINE_MS);
        expect(Math.abs(Date.parse(begunAt) - Date.now())).toBeLessThan(DEADLINE_MS);
      }
      // A deadline is kept there as it is here.
      const idle = await beginIdle(wrong.url);
      expect(await api.untilEnded(idle)).toMatchObject({ outcome: 'rolled-back' });
    }

    // What it leaves behind is taken when its lease is over.
    for (const { bank } of left) bank.answers('prepare', { status: 200 });
    await wrong.crash();
    for (const { bank, gtid } of left) {
      expect(await api.untilEnded(gtid)).toMatchObject({ outcome: 'committed' });
      expect(bank.calls('prepare')).toHaveLength(2);
    }
    for (const { bank } of kept) expect(bank.calls()).toHaveLength(1); // it is still being asked
  });
});
