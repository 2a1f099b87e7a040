import type { Answer, ParticipantRef, Participants, Question } from '@concordat/engine';
import { asBranchId, asGtid } from '@concordat/wire';
import { expect, test } from 'vitest';
import { Directory } from './directory.js';
import { parseRegistry } from './registry.js';
import { RoutedParticipants } from './routed-participants.js';
import { UrlAllowList } from './url-allow-list.js';

const registry = parseRegistry(
  {
    bank: { url: 'http://bank' },
    orders: { url: 'postgres://app@db/orders' },
    stock: { url: 'mysql://app@db/stock' },
    mail: { queue: 'mail' },
  },
  {},
);
const directory = new Directory(registry, UrlAllowList.of(['http://127.0.0.1:*']));

function question(participant: ParticipantRef): Question {
  return {
    gtid: asGtid('01939f6c-7e01-7c4a-9d0e-3f1b2a6c8d55'),
    definition: { protocol: '2pc', traceparent: null },
    call: { branch: asBranchId('payment'), operation: 'commit', token: 3 },
    participant,
    payload: null,
    result: undefined,
    results: undefined,
    roster: undefined,
    timeoutMs: 5_000,
  };
}

/** Says who it is. */
function adapter(name: string): Participants {
  return { ask: async () => ({ type: 'balked', reason: name }) };
}

const routed = new RoutedParticipants(directory, {
  kinds: { http: adapter('http'), queue: adapter('queue') },
  names: new Map([['orders', adapter('orders')]]),
});

test.each([
  ['bank', 'http'],
  [{ url: 'http://127.0.0.1:4000' }, 'http'],
  ['mail', 'queue'],
  ['orders', 'orders'],
] as const)('a question to %j goes to the adapter of %s', async (participant, name) => {
  expect(await routed.ask(question(participant))).toEqual({ type: 'balked', reason: name });
});

test.each([
  ['nobody', 'no participant is registered as "nobody"'],
  [{ url: 'http://10.0.0.1' }, 'the URL is not on the allow-list'],
  ['stock', 'this coordinator has nothing that can call a mysql'],
] as const)('a question to %j is in doubt', async (participant, reason) => {
  const answer: Answer = await routed.ask(question(participant));
  expect(answer).toEqual({ type: 'in-doubt', reason });
});

test('a name that is registered no more is in doubt, though its adapter is there', async () => {
  const forgetful = new RoutedParticipants(new Directory(new Map(), UrlAllowList.of([])), {
    kinds: {},
    names: new Map([['orders', adapter('orders')]]),
  });
  expect(await forgetful.ask(question('orders'))).toMatchObject({ type: 'in-doubt' });
});
