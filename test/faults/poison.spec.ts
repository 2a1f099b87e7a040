// Poison: what a participant must never answer (fault 32). Each kind is served to one transaction
// while others go through the same coordinator.
//
// P1. The poisoned transaction is in doubt, and is shown as stuck with the reason.
// P2. The others end as if nothing were wrong, in the same process.
// P3. When the participant is well again, the poisoned one ends by itself.
//
// Below this, libs/participants has tests of its own for each way of not getting an answer.
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, test } from 'vitest';
import { startCoordinator } from '../support/coordinator.js';
import { databaseFromTemplate } from '../support/databases.js';
import { ScriptedParticipants } from '../support/scripted-participants.js';
import { Api } from '../http/api.js';

const MIB = 1_048_576;
const GIB = 1_024 * MIB;
/** How much of three endless answers may be on its way when somebody hangs up. */
const SENT_BYTES_MAX = 64 * MIB;

const { databaseUrl } = await databaseFromTemplate();
const coordinator = await startCoordinator({
  DATABASE_URL: databaseUrl,
  CONCORDAT_ALLOWED_URLS: 'http://127.0.0.1:*',
  CONCORDAT_SWEEP_PERIOD_MS: '20',
  CONCORDAT_WAKEUPS: 'none',
});
const api = new Api(coordinator.url);
const well = (await ScriptedParticipants.open()).add('well');

interface Poison {
  readonly name: string;
  readonly reason: RegExp;
  serve(response: ServerResponse, path: string): void;
  /** What must be so afterwards. */
  check?(): void;
}

const json = { 'Content-Type': 'application/json' };
const body =
  (text: string, status = 200): Poison['serve'] =>
  (response) =>
    response.writeHead(status, json).end(text);

let sentBytes = 0;

/** One GiB, unless the other side hangs up. */
function endless(response: ServerResponse): void {
  const chunk = Buffer.alloc(MIB / 16, ' ');
  response.writeHead(200, { ...json, 'Content-Length': GIB });
  const more = (): void => {
    do sentBytes += chunk.length;
    while (response.write(chunk) && sentBytes < GIB);
  };
  response.on('drain', more);
  more();
}

/** A space every ten milliseconds, for ever. */
function drip(response: ServerResponse): void {
  response.writeHead(200, json);
  const timer = setInterval(() => response.write(' '), 10);
  response.once('close', () => clearInterval(timer));
}

const poisons: readonly Poison[] = [
  { name: 'a page of HTML', reason: /JSON/, serve: body('<!doctype html><h1>It works!</h1>') },
  {
    name: 'a body of one GiB',
    reason: /larger than 1 MiB/,
    serve: endless,
    check: () => expect(sentBytes).toBeLessThan(SENT_BYTES_MAX), // it was hung up on
  },
  {
    name: 'a redirect to itself',
    reason: /302/,
    serve: (response, path) => response.writeHead(302, { Location: path }).end(),
  },
  { name: 'a teapot', reason: /418/, serve: body('{}', 418) },
  { name: 'a slow loris', reason: /no whole answer within 200 ms/, serve: drip },
  { name: 'half of some JSON', reason: /JSON/, serve: body('{"result": {"a": 1') },
  { name: 'a BigInt', reason: /JSON/, serve: body('{"result": 9007199254740993n}') },
  { name: 'NaN', reason: /JSON/, serve: body('{"result": NaN}') },
  { name: 'a number without end', reason: /number/, serve: body('{"result": 1e999}') },
  {
    name: 'JSON nested 100,000 deep',
    reason: /./,
    serve: body(`{"result":${'['.repeat(100_000)}${']'.repeat(100_000)}}`),
  },
  {
    name: 'a yes by way of the prototype',
    reason: /neither vote nor result/,
    serve: body('{"__proto__": {"vote": "prepared"}, "constructor": {"prototype": {}}}'),
  },
  {
    name: 'headers of 5 MB',
    reason: /HEADERS_OVERFLOW/,
    serve: (response) => response.writeHead(200, { 'X-Long': 'x'.repeat(5_000_000) }).end(),
  },
];

/** A participant that poisons until it is cured. */
async function poisoned(poison: Poison) {
  const state = { served: 0, isCured: false, url: '' };
  const server = createServer((request, response) => {
    request.resume();
    if (state.isCured) response.writeHead(200).end();
    else {
      state.served += 1;
      poison.serve(response, request.url ?? '');
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return state;
}

function bodyAt(url: string): object {
  const retry = { firstDelayMs: 5, delayMaxMs: 10 };
  const branch = (id: string, at: string) => ({
    id,
    participant: { url: at },
    timeoutMs: 200,
    retry,
  });
  return {
    protocol: '2pc',
    deadlineMs: 60_000,
    branches: [branch('tested', url), branch('other', well.url)],
  };
}

describe('one transaction is quarantined, and others go on, when a participant answers', () => {
  test.each(poisons)('$name', async (poison) => {
    const participant = await poisoned(poison);
    const { gtid } = await api.begin(bodyAt(participant.url), { prefer: 'respond-async' });
    const shown = await api.until(gtid, 'stuck', ({ stuck }) => stuck);
    expect(participant.served).toBeGreaterThanOrEqual(3); // it was poisoned
    expect(shown).toMatchObject({ decision: 'undecided', phase: 'preparing' });
    const lastError = shown.branches[0]?.lastError ?? '';
    expect(lastError).toMatch(poison.reason);
    expect(lastError.length).toBeLessThanOrEqual(500);

    const others = await Promise.all(Array.from({ length: 5 }, () => api.begin(bodyAt(well.url))));
    expect(others.map(({ outcome }) => outcome)).toEqual(Array(5).fill('committed')); // P2
    expect(coordinator.hasExited).toBe(false);

    participant.isCured = true;
    expect(await api.untilEnded(gtid)).toMatchObject({ outcome: 'committed', stuck: false }); // P3
    poison.check?.();
  });

  test('nothing, with 200 or 204: that is a yes', async () => {
    const participant = await poisoned({ name: '', reason: /./, serve: body('') });
    expect(await api.begin(bodyAt(participant.url))).toMatchObject({ outcome: 'committed' });
    expect(participant.served).toBe(2);
  });

  test('a result with keys that JavaScript has taken: it is handed on, and pollutes nothing', async () => {
    const result =
      '{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": 1}}}';
    const participant = await poisoned({
      name: '',
      reason: /./,
      serve: body(`{"result": ${result}}`),
    });
    const branches = [
      { id: 'a', participant: { url: participant.url } },
      { id: 'b', participant: { url: well.url } },
    ];
    const { gtid } = await api.begin({ protocol: 'saga', branches });
    const { text } = await api.get(`/v1/transactions/${gtid}`);
    expect(text.replaceAll(' ', '')).toContain(`"result":${result.replaceAll(' ', '')}`);
    const handedOn = well.calls('execute').at(-1)?.body as { results: { a: object } };
    expect(JSON.stringify(handedOn.results.a)).toBe(result.replaceAll(' ', ''));
    const next = await api.begin(bodyAt(well.url)); // what is polluted shows in every object
    expect(JSON.stringify(next)).not.toContain('polluted');
  });
});
