// Every row of the table of answers in docs/PROTOCOL.md, over real HTTP, to every operation.
import type { Answer } from '@concordat/engine';
import type { Operation } from '@concordat/protocols';
import { isQuestion } from '@concordat/protocols';
import { operationsOf } from '@concordat/wire';
import { describe, expect, test } from 'vitest';
import { participantsAt, question, serve } from './support.js';

interface Said {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

/** How each of `said` is understood, as an answer to `operation`. */
async function understood(operation: Operation, said: readonly Said[]): Promise<readonly Answer[]> {
  const rest = said.values();
  const url = await serve((response) => {
    const { status = 500, headers = {}, body } = rest.next().value ?? {};
    response.writeHead(status, headers);
    response.end(typeof body === 'string' || body === undefined ? body : JSON.stringify(body));
  });
  const participants = participantsAt(url);
  const answers: Answer[] = [];
  for (const _ of said) answers.push(await participants.ask(question(operation)));
  return answers;
}

async function meanings(operation: Operation, said: readonly Said[]): Promise<readonly string[]> {
  const answers = await understood(operation, said);
  return answers.map((answer) => (answer.type === 'reply' ? answer.reply.type : answer.type));
}

const all: readonly Operation[] = Object.values(operationsOf).flat();
const voting: readonly Operation[] = ['prepare', 'can-commit'];
const balloting: readonly Operation[] = ['elect', 'pre-commit', 'pre-abort'];
const yes: Partial<Record<Operation, string>> = {
  prepare: 'prepared',
  'can-commit': 'prepared',
  try: 'tried',
  execute: 'done',
  elect: 'in-doubt', // it must say how it stands
};
const standing = { state: 'ready', lastElected: 4, lastAttempt: 0 };

describe.each(all)('an answer to %s', (operation) => {
  const bare = yes[operation] ?? 'acknowledged';

  test('of 2xx but 202 is a yes, with a result or without', async () => {
    expect(
      await meanings(operation, [
        { status: 200 },
        { status: 201, body: {} },
        { status: 204 },
        { status: 200, body: { result: { id: 17 } } },
      ]),
    ).toEqual([bare, bare, bare, bare]);
  });

  test('of 2xx with a vote counts where a vote is asked for', async () => {
    const votes = [
      { status: 200, body: { vote: 'prepared' } },
      { status: 200, body: { vote: 'read-only' } },
      { status: 200, body: { vote: 'refused' } },
    ];
    const expected = voting.includes(operation)
      ? ['prepared', 'read-only', 'in-doubt']
      : ['in-doubt', 'in-doubt', 'in-doubt'];
    expect(await meanings(operation, votes)).toEqual(expected);
  });

  test('of 2xx with a standing counts where it speaks for a ballot', async () => {
    const expected = balloting.includes(operation) ? 'standing' : 'in-doubt';
    expect(await meanings(operation, [{ status: 200, body: { standing } }])).toEqual([expected]);
  });

  test('of 409 is a refusal of a question, and leaves an order outstanding', async () => {
    const [answer] = await understood(operation, [{ status: 409, body: { reason: 'no money' } }]);
    expect(answer).toEqual(
      isQuestion(operation)
        ? { type: 'reply', reply: { type: 'refused' }, note: 'no money' }
        : { type: 'balked', reason: 'no money' },
    );
  });

  test('of 409 with a heuristic is one where it can have acted on its own', async () => {
    const words = ['commit', 'rollback', 'mixed', 'hazard'];
    const said = words.map((heuristic) => ({ status: 409, body: { heuristic } }));
    const early = [...voting, ...balloting, 'try', 'execute'].includes(operation);
    const expected = words.map((word) => (early ? 'in-doubt' : `heuristic-${word}`));
    expect(await meanings(operation, said)).toEqual(expected);
  });

  test('of 410 is stale only if it says so', async () => {
    expect(
      await meanings(operation, [
        { status: 410, body: { stale: true } },
        { status: 410 },
        { status: 410, body: { stale: 1 } },
      ]),
    ).toEqual(['stale', 'in-doubt', 'in-doubt']);
  });

  test('of 202 or 425 means to ask again, when it says', async () => {
    const date = 'Fri, 20 Nov 2026 12:00:00 GMT';
    const inNine = 'Fri, 20 Nov 2026 12:00:09 GMT';
    expect(
      await understood(operation, [
        { status: 202 },
        { status: 202, headers: { 'Retry-After': '2' }, body: 'later' },
        { status: 425, headers: { 'Retry-After': inNine, Date: date } },
      ]),
    ).toEqual([
      { type: 'working', retryAfterMs: undefined },
      { type: 'working', retryAfterMs: 2_000 },
      { type: 'working', retryAfterMs: 9_000 },
    ]);
  });

  test('of anything else is in doubt', async () => {
    const statuses = [300, 304, 400, 401, 403, 404, 405, 418, 422, 429, 500, 502, 503, 504, 599];
    const said = statuses.map((status) => ({ status, body: { vote: 'prepared', reason: 'x' } }));
    const expected = statuses.map(() => 'in-doubt');
    expect(await meanings(operation, said)).toEqual(expected);
  });

  test('is in doubt if its body cannot be parsed or contradicts the status', async () => {
    const said = [
      { status: 200, body: '<!doctype html><p>Welcome' },
      { status: 200, body: '{"result":' },
      { status: 200, body: '{"result":NaN}' },
      { status: 200, body: '{"result":1e999}' },
      { status: 200, body: '"done"' },
      { status: 200, body: '[]' },
      { status: 200, body: 'null' },
      { status: 200, body: '{"__proto__":{"vote":"prepared"}}' },
      { status: 200, body: { error: 'no money' } },
      { status: 200, body: `{"result":${'['.repeat(65)}${']'.repeat(65)}}` },
      { status: 409, body: { vote: 'prepared' } },
      { status: 409, body: { result: 1 } },
      { status: 409, body: '<p>Conflict' },
    ];
    expect(await meanings(operation, said)).toEqual(said.map(() => 'in-doubt'));
  });

  test('keeps the reason of a doubt', async () => {
    const answers = await understood(operation, [
      { status: 503, body: 'down for\r\nmaintenance' },
      { status: 200, body: '<p>Welcome' },
    ]);
    expect(answers).toEqual([
      { type: 'in-doubt', reason: 'HTTP 503 down for maintenance' },
      { type: 'in-doubt', reason: 'HTTP 200 with a body that is not JSON: <p>Welcome' },
    ]);
  });
});

test('a result comes with the reply', async () => {
  const result = { id: 17, 'a/b': [null, 'ü'], constructor: {} };
  const answers = await understood('execute', [{ status: 200, body: { result } }]);
  expect(answers).toEqual([{ type: 'reply', reply: { type: 'done' }, result }]);
});
