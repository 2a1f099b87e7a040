// What a participant is told: headers, body, trace, and over which connection.
import type { Json } from '@concordat/protocols';
import { asBranchId, asInstant, parseCallBody, parseCallHeading } from '@concordat/wire';
import { describe, expect, test } from 'vitest';
import type { Call } from './support.js';
import { participantsAt, question, serve } from './support.js';

const gtid = '01939f6c-7e01-7c4a-9d0e-3f1b2a6c8d55';

/** A participant that says yes, and the calls that it got. */
async function listening(path = ''): Promise<{ url: string; calls: Call[] }> {
  const calls: Call[] = [];
  const url = await serve((response, call) => {
    calls.push(call);
    response.end();
  });
  return { url: `${url}${path}`, calls };
}

function json(text: string): { readonly [key: string]: Json } {
  return JSON.parse(text) as { readonly [key: string]: Json };
}

describe('a call', () => {
  test('is a POST of the operation below the URL, with the headers of the contract', async () => {
    const { url, calls } = await listening('/v1/bank/');
    await participantsAt(url).ask(question('prepare'));
    expect(calls).toEqual([
      {
        method: 'POST',
        url: '/v1/bank/prepare',
        headers: expect.objectContaining({
          'content-type': 'application/json',
          'concordat-transaction': gtid,
          'concordat-branch': 'payment',
          'concordat-operation': 'prepare',
          'concordat-protocol': '2pc',
          'concordat-token': '3',
          'idempotency-key': `${gtid}:payment:prepare`,
          traceparent: '00-01939f6c7e017c4a9d0e3f1b2a6c8d55-abababababababab-01',
        }),
        body: '{"payload":{"amount":10}}',
      },
    ]);
    expect(parseCallHeading(calls[0]?.headers)).toMatchObject({ ok: true, value: { token: 3 } });
  });

  test("continues the initiator's trace", async () => {
    const { url, calls } = await listening();
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';
    await participantsAt(url).ask(
      question('prepare', { definition: { protocol: '2pc', traceparent } }),
    );
    expect(calls[0]?.headers['traceparent']).toBe(
      '00-0af7651916cd43dd8448eb211c80319c-abababababababab-00',
    );
  });

  test('carries payload, own result and results of others exactly as they are', async () => {
    const { url, calls } = await listening();
    const payload = json('{"__proto__":{"x":1},"text":"\\ud800é\\u0000","n":1e-7}');
    const results = json('{"stock":null,"__proto__":[1]}');
    const result = { id: 17 };
    await participantsAt(url).ask(question('compensate', { payload, result, results }));
    expect(calls[0]?.body).toBe(JSON.stringify({ payload, result, results }));
    expect(calls[0]?.body).toContain('"__proto__"');
  });

  test('carries null for no payload, and nothing for what does not apply', async () => {
    const { url, calls } = await listening();
    await participantsAt(url).ask(question('commit', { payload: null }));
    expect(calls[0]?.body).toBe('{"payload":null}');
  });

  test('of 3PC carries the roster, with the URL of every member, and the ballot', async () => {
    const { url, calls } = await listening('/bank');
    const { url: other } = await listening();
    const participants = participantsAt(url);
    const members = [
      { branch: asBranchId('a'), participant: 'bank' },
      { branch: asBranchId('b'), participant: { url: `${other}/` } },
    ];
    const roster = { members, quorum: 2, deadlineAt: asInstant(Date.UTC(2026, 10, 20, 12)) };
    await participants.ask(question('can-commit', { roster }));
    const call = { branch: asBranchId('a'), operation: 'pre-commit', token: 4, ballot: 0 } as const;
    await participants.ask(question('pre-commit', { call }));
    const elect = { ...call, operation: 'elect', token: 5, ballot: 4, voted: true } as const;
    await participants.ask(question('elect', { call: elect }));
    expect(calls.map(({ headers }) => headers['idempotency-key'])).toEqual([
      `${gtid}:payment:can-commit`,
      `${gtid}:a:pre-commit@0`,
      `${gtid}:a:elect@4`,
    ]);
    expect(calls.map(({ body }) => parseCallBody(JSON.parse(body)))).toEqual([
      {
        ok: true,
        value: {
          payload: { amount: 10 },
          roster: {
            members: [
              { branch: 'a', url },
              { branch: 'b', url: other },
            ],
            quorum: 2,
            deadlineAt: '2026-11-20T12:00:00.000Z',
          },
        },
      },
      { ok: true, value: { payload: { amount: 10 }, ballot: 0 } },
      { ok: true, value: { payload: { amount: 10 }, ballot: 4, voted: true } },
    ]);
  });

  test('of 3PC is not made while a member of the roster cannot be found', async () => {
    const { url, calls } = await listening();
    const members = [{ branch: asBranchId('b'), participant: 'nobody' }];
    const roster = { members, quorum: 1, deadlineAt: asInstant(0) };
    expect(await participantsAt(url).ask(question('can-commit', { roster }))).toEqual({
      type: 'in-doubt',
      reason: 'the roster needs b, but no participant is registered as "nobody"',
    });
    expect(calls).toEqual([]);
  });
});

test('calls one after the other keep their connections', async () => {
  const ports = new Set<number | undefined>();
  const url = await serve((response) => {
    ports.add(response.socket?.remotePort);
    response.end();
  });
  const participants = participantsAt(url);
  for (let call = 0; call < 10; call += 1) await participants.ask(question('commit'));
  expect(ports.size).toBeLessThanOrEqual(2); // undici rests each for one turn of the event loop
});
