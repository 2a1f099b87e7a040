// Messages that come too late: the network holds one back until the world has gone on without it.
//
//   fault 35   a yes, after everybody was told to roll back     it says nothing new
//   fault 36   a prepare, after the rollback that overtook it   the participant does nothing
//   fault 37   a yes, after another instance has committed      it says nothing new
//
// Between the same parts as in messages.spec.ts: an engine or coordinator, and two real banks.
import type { Engine } from '@concordat/engine';
import { Directory, HttpParticipants, parseRegistry, UrlAllowList } from '@concordat/participants';
import type { GlobalTransactionId } from '@concordat/protocols';
import { summaryOf } from '@concordat/protocols';
import { afterAll, describe, expect, test } from 'vitest';
import { branch, instanceOn, request } from '../engine/engines.js';
import { Api } from '../http/api.js';
import { databaseFromTemplate } from '../support/databases.js';
import { FaultyNetwork } from '../support/faulty-network.js';
import { coordinatorOn } from './coordinating.js';
import type { TransferProtocol } from './transfers.js';
import {
  backwardOf,
  branchesOf,
  expectEffects,
  expectMoney,
  forwardOf,
  openBanks,
  orders,
  transferProtocols,
} from './transfers.js';

const { databaseUrl } = await databaseFromTemplate();
/** Where the coordinator below does not sweep. */
const { databaseUrl: other } = await databaseFromTemplate();
const network = new FaultyNetwork();
const banks = await openBanks(network);
const coordinator = await coordinatorOn(databaseUrl, {
  CONCORDAT_PARTICIPANT_ALFA: banks.alfa.url,
  CONCORDAT_PARTICIPANT_BETA: banks.beta.url,
});
const api = new Api(coordinator.url);

const PATIENCE_MS = 60_000;
const DEADLINE_MS = 200;
/** Of one call: the coordinator still listens when the message comes. */
const TIMEOUT_MS = 60_000;

/** Begins a transfer that would commit, were a message not held back; it has a deadline. */
async function beginTransfer(protocol: TransferProtocol): Promise<string> {
  const branches = branchesOf('committed').map((one) => ({ ...one, timeoutMs: TIMEOUT_MS }));
  const body = { protocol, deadlineMs: DEADLINE_MS, branches };
  const { gtid } = await api.begin(body, { prefer: 'respond-async' });
  return gtid;
}

const isYes = (status: number): boolean => status === 200 || status === 204;

async function eventsOf(gtid: string): Promise<string> {
  const { text } = await api.get(`/v1/transactions/${gtid}/journal`);
  return text;
}

describe.each(transferProtocols)('%s', (protocol) => {
  const [forward, backward] = [forwardOf[protocol], backwardOf[protocol]];

  test('a yes that comes after the rollback was decided says nothing new', async () => {
    await network.reset();
    const yes = network.hold(`${forward} withdraw reply`);
    const gtid = await beginTransfer(protocol);
    await yes.arrived;
    expect(await api.untilEnded(gtid)).toMatchObject({ outcome: 'rolled-back' });
    expect(network.sent).toContain(`${backward} withdraw reply`); // it was told, and has obeyed
    const before = await eventsOf(gtid);

    expect(await yes.release()).toMatchObject({ status: expect.toSatisfy(isYes) });
    await network.quiet();
    expect(await api.find(gtid)).toMatchObject({ outcome: 'rolled-back' });
    expect(await eventsOf(gtid)).toBe(before);
    await expectEffects(banks, gtid, 'rolled-back');
    await expectMoney(banks);
  });

  test('a question that comes after its rollback is no longer heard, and does nothing', async () => {
    await network.reset();
    const question = network.hold(`${forward} withdraw request`);
    const gtid = await beginTransfer(protocol);
    await question.arrived;
    expect(await api.untilEnded(gtid)).toMatchObject({ outcome: 'rolled-back' });
    expect(network.sent).toContain(`${backward} withdraw reply`);

    const { status } = await question.release();
    expect(status).toBeOneOf([409, 410]); // refused by a member of a 3PC, stale to the others
    await network.quiet();
    expect(await api.find(gtid)).toMatchObject({ outcome: 'rolled-back' });
    await expectEffects(banks, gtid, 'rolled-back');
    await expectMoney(banks);
  });
});

const registry = parseRegistry(
  { alfa: { url: banks.alfa.url }, beta: { url: banks.beta.url } },
  {},
);
const participants = new HttpParticipants(new Directory(registry, UrlAllowList.of([])));
afterAll(() => participants.close());

async function outcomeAt(engine: Engine, gtid: GlobalTransactionId): Promise<string | undefined> {
  const record = await engine.untilEnded(gtid, PATIENCE_MS);
  return record && summaryOf(record.transaction).outcome;
}

describe('two instances', () => {
  test.each(orders)('%s: the %s overtakes the yes that it rests on', async (protocol, order) => {
    await network.reset();
    const yes = network.hold(`${forwardOf[protocol]} withdraw reply`);
    const first = await instanceOn(other, (question) => participants.ask(question));
    const branches = branchesOf('committed').map(({ id, participant, payload }) =>
      branch(id, { participant, payload, timeoutMs: TIMEOUT_MS }),
    );
    const { gtid } = await first.engine.begin(request({ protocol, branches }));
    await yes.arrived;

    // The first one does not keep its lease: it was never started. Another asks the same again.
    const second = await instanceOn(other, (question) => participants.ask(question));
    second.engine.start();
    expect(await outcomeAt(second.engine, gtid)).toBe('committed');
    expect(network.sent).toContain(`${order} withdraw reply`);
    expect(first.engine.inFlight()).toBe(1); // it still waits for its answer

    expect(await yes.release()).toMatchObject({ status: expect.toSatisfy(isYes) });
    await expect.poll(() => first.engine.inFlight()).toBe(0);
    expect(await outcomeAt(first.engine, gtid)).toBe('committed');
    expect([first.troubles, second.troubles]).toEqual([[], []]);
    expect(first.asked.some(({ call }) => call.operation === order)).toBe(false);
    await expectEffects(banks, gtid, 'committed');
    await expectMoney(banks);
  });
});
