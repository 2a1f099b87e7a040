// A coordinator that dies in the middle of the orders to roll back (fault 12): one branch has
// obeyed, the orders to the others are lost. The table of crash points (test/e2e) has this for
// commits; there a rollback comes of a refusal, and one branch is left to be told. Here nobody has
// answered, and everybody must be.
import { describe, expect, test } from 'vitest';
import { Api } from '../http/api.js';
import type { CoordinatorProcess } from '../support/coordinator.js';
import { startCoordinator } from '../support/coordinator.js';
import { databaseFromTemplate } from '../support/databases.js';
import type { ScriptedParticipant } from '../support/scripted-participants.js';
import { ScriptedParticipants } from '../support/scripted-participants.js';
import { backwardOf, forwardOf, transferProtocols } from './transfers.js';

const participants = await ScriptedParticipants.open();
const environment = {
  CONCORDAT_ALLOWED_URLS: 'http://127.0.0.1:*',
  CONCORDAT_LEASE_MS: '500',
  CONCORDAT_SWEEP_PERIOD_MS: '50',
  CONCORDAT_WAKEUPS: 'none',
};

async function expectKilledAt(point: string, coordinator: CoordinatorProcess): Promise<void> {
  expect(await coordinator.exited).toMatchObject({ signal: 'SIGKILL' });
  expect(coordinator.errors).toContain(`crash point reached: ${point}`);
}

function bodyFor(protocol: string, banks: readonly ScriptedParticipant[]): object {
  const branches = banks.map(({ url }, index) => ({
    id: `b${index}`,
    participant: { url },
    retry: { firstDelayMs: 60_000, delayMaxMs: 60_000 }, // each question is asked once
    ...(protocol === 'saga' ? { dependsOn: [] } : {}),
  }));
  return { protocol, deadlineMs: 60_000, branches };
}

const shared = { ...environment, DATABASE_URL: (await databaseFromTemplate()).databaseUrl };
const survivor = new Api((await startCoordinator(shared)).url);

describe('a coordinator that dies among the orders of a rollback: the survivor gives them all', () => {
  test.for(transferProtocols)('%s', async (protocol) => {
    const banks = [participants.add(), participants.add(), participants.add()] as const;
    const [backward, forward] = [backwardOf[protocol], forwardOf[protocol]];
    for (const bank of banks) bank.answers(forward, { status: 500 }); // they may have done it
    const [obedient, ...unheard] = banks;
    for (const bank of unheard) bank.answers(backward, 'silence', { status: 200 });
    // Three answers to the questions; the fourth is the first to an order.
    const CONCORDAT_CRASH_AT = 'answer.received:4';
    const doomed = await startCoordinator({ ...shared, CONCORDAT_CRASH_AT });
    const api = new Api(doomed.url);
    const { gtid } = await api.begin(bodyFor(protocol, banks), { prefer: 'respond-async' });
    await api.until(gtid, 'asked', ({ branches }) => branches.every((one) => one.attempts > 0));
    await api.post(`/v1/transactions/${gtid}/rollback`).catch(() => undefined);
    await expectKilledAt('answer.received', doomed);
    expect(obedient.calls(backward)).toHaveLength(1);

    expect(await survivor.untilEnded(gtid)).toMatchObject({ outcome: 'rolled-back' });
    for (const bank of unheard) expect(bank.calls(backward)).toHaveLength(2);
    const tokens = banks.flatMap((bank) =>
      bank.calls(backward).map(({ headers }) => headers['concordat-token']),
    );
    expect(new Set(tokens).size).toBe(1);
    for (const bank of banks) expect(bank.calls(forward)).toHaveLength(1);
  });
});
