// What anybody may ask: one transaction, its decision, its journal, the list.
import { journalViewSchema, listViewSchema } from '@concordat/wire';
import { describe, expect, test } from 'vitest';
import { startCoordinator } from '../support/coordinator.js';
import { databaseFromTemplate } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { newGtid } from '../support/gtids.js';
import { ScriptedParticipants } from '../support/scripted-participants.js';
import type { ApiAnswer } from './api.js';
import { Api, problemIn } from './api.js';

const { databaseUrl, pool } = await databaseFromTemplate();
const participants = await ScriptedParticipants.open();
const environment = {
  DATABASE_URL: databaseUrl,
  CONCORDAT_ALLOWED_URLS: 'http://127.0.0.1:*',
  CONCORDAT_PARTICIPANT_BANK: participants.add('bank').url,
};
const [api, other] = (
  await Promise.all([startCoordinator(environment), startCoordinator(environment)])
).map(({ url }) => new Api(url)) as [Api, Api];

const NO = { status: 409, body: { reason: 'no' } };
const decisionOf = (gtid: string): Promise<ApiAnswer> =>
  api.get(`/v1/transactions/${gtid}/decision`);

function sagaAt(url: string, more: object = {}): object {
  return { protocol: 'saga', branches: [{ id: 'a', participant: { url } }], ...more };
}

describe('one transaction', () => {
  test('is told in the same words by every coordinator', async () => {
    const begun = await api.begin(sagaAt(participants.add().url));
    expect(await api.find(begun.gtid)).toEqual(begun);
    expect(await other.untilEnded(begun.gtid)).toEqual(begun);
  });

  test('while it runs, is told by a coordinator that does not drive it', async () => {
    const url = participants.add().answers('execute', 'silence').url;
    const { gtid } = await api.begin(sagaAt(url), { prefer: 'respond-async' });
    expect(await other.find(gtid)).toMatchObject({ gtid, phase: 'forward', decision: 'undecided' });
  });
});

describe('the decision', () => {
  test('is undecided, then commit or rollback, and nothing else is in the answer', async () => {
    const bank = participants.add().answers('prepare', { status: 425 });
    const branches = ['a', 'b'].map((id) => ({ id, participant: { url: bank.url } }));
    const body = { protocol: '2pc', branches };
    const { gtid } = await api.begin(body, { prefer: 'respond-async' });
    expect(await decisionOf(gtid)).toMatchObject({
      status: 200,
      body: { gtid, decision: 'undecided' },
    });
    bank.answers('prepare', { status: 200 });
    await api.untilEnded(gtid);
    expect((await decisionOf(gtid)).body).toEqual({ gtid, decision: 'commit' });
  });

  test('of one that was refused is rollback', async () => {
    const url = participants.add().answers('execute', NO).url;
    const { gtid } = await api.begin(sagaAt(url));
    expect((await decisionOf(gtid)).body).toEqual({ gtid, decision: 'rollback' });
  });

  test.each([[newGtid()], ['never-heard-of'], [newGtid(0)]])(
    'of %s, never heard of, is rollback: presumed abort',
    async (gtid) => {
      expect(await decisionOf(gtid)).toMatchObject({
        status: 200,
        body: { gtid, decision: 'rollback' },
      });
    },
  );

  const spellings: readonly (readonly [string, (gtid: string) => string])[] = [
    ['in upper case', (gtid) => gtid.toUpperCase()],
    ['without dashes', (gtid) => gtid.replaceAll('-', '')],
    ['with other dashes', (gtid) => gtid.replaceAll('-', '').replaceAll(/.{4}(?=.)/g, '$&-')],
  ];

  test.each(spellings)('is the same for an id %s, as is every other answer', async (_, spell) => {
    const begun = await api.begin(sagaAt(participants.add().url));
    const { gtid } = begun;
    const spelt = spell(gtid);
    expect((await decisionOf(spelt)).body).toEqual({ gtid, decision: 'commit' });
    expect((await api.get(`/v1/transactions/${spelt}`)).body).toEqual(begun);
    expect((await api.get(`/v1/transactions/${spelt}/journal`)).body).toMatchObject({ gtid });
    expect((await api.post(`/v1/transactions/${spelt}/commit`)).body).toEqual(begun);
    expect(problemIn(await api.post(`/v1/transactions/${spelt}/rollback`))).toMatchObject({
      status: 409,
    });
    const young = await api.begin({ protocol: '2pc', deadlineMs: 600_000 });
    const branch = { id: 'a', participant: 'bank' };
    const path = `/v1/transactions/${spell(young.gtid)}`;
    expect(await api.post(`${path}/branches`, branch)).toHaveProperty('status', 201);
    expect((await api.post(`${path}/rollback`)).body).toMatchObject({ gtid: young.gtid });
  });

  test('of one that is so old that it may have been forgotten is 410: nothing is presumed', async () => {
    const day = 86_400_000;
    const horizon = new Date(Date.now() - 30 * day);
    await pool.query(`update concordat.retention set forgotten_before = $1`, [horizon]);
    const old = await decisionOf(newGtid(horizon.getTime() - day));
    expect(problemIn(old)).toEqual({ status: 410, kind: 'decision-forgotten' });
    const young = newGtid(horizon.getTime() + day);
    expect((await decisionOf(young)).body).toEqual({ gtid: young, decision: 'rollback' });
    await pool.query(`update concordat.retention set forgotten_before = null`);
  });
});

describe('the journal', () => {
  test('says what happened, in order, and which calls that opened', async () => {
    const refusing = participants.add().answers('execute', NO);
    const willing = participants.add().answers('execute', { status: 200, body: { result: 5 } });
    const { gtid } = await api.begin({
      protocol: 'saga',
      branches: [
        { id: 'a', participant: { url: willing.url } },
        { id: 'b', participant: { url: refusing.url } },
      ],
    });
    const answer = await api.get(`/v1/transactions/${gtid}/journal`);
    const { lines, ...rest } = journalViewSchema.parse(answer.body);
    expect(rest).toEqual({ gtid });
    expect(lines.map(({ version }) => version)).toEqual(lines.map((_, index) => index + 1));
    const times = lines.map(({ at }) => Date.parse(at));
    expect(times).toEqual(times.toSorted((x, y) => x - y));
    expect(lines.flatMap(({ events }) => events)).toMatchObject([
      { type: 'begun' },
      {
        type: 'replied',
        call: { branch: 'a', operation: 'execute' },
        reply: { type: 'done' },
        result: 5,
      },
      { type: 'replied', call: { branch: 'b', operation: 'execute' }, reply: { type: 'refused' } },
      { type: 'replied', call: { branch: 'a', operation: 'compensate' } },
    ]);
    expect(lines.flatMap(({ opened }) => opened)).toMatchObject([
      { branch: 'a', operation: 'execute', token: 1 },
      { branch: 'b', operation: 'execute', token: 2 },
      { branch: 'a', operation: 'compensate', token: 3 },
    ]);
  });

  test('says of the calls after the pivot of a saga that they are asked until they are done', async () => {
    const { url } = participants.add();
    const branches = ['a', 'b', 'c'].map((id) => ({ id, participant: { url }, pivot: id === 'b' }));
    const { gtid } = await api.begin({ protocol: 'saga', branches });
    const { body } = await api.get(`/v1/transactions/${gtid}/journal`);
    const { lines } = journalViewSchema.parse(body);
    const retried = { branch: 'c', operation: 'execute', retriable: true };
    expect(lines.flatMap(({ opened }) => opened).at(-1)).toMatchObject(retried);
    const [ended] = lines.flatMap(({ events }) => events).slice(-1);
    expect(ended).toMatchObject({ type: 'replied', call: retried });
  });

  test('has what the initiator did, and the deadline', async () => {
    const { gtid } = await api.begin({ protocol: '2pc', deadlineMs: 300 });
    const branch = { id: 'a', participant: 'bank' };
    await api.post(`/v1/transactions/${gtid}/branches`, branch);
    await api.untilEnded(gtid);
    const { body } = await api.get(`/v1/transactions/${gtid}/journal`);
    const { lines } = journalViewSchema.parse(body);
    expect(lines.flatMap(({ events }) => events)).toMatchObject([
      { type: 'begun' },
      { type: 'enlisted', branches: [{ id: 'a' }] },
      { type: 'woken', at: expect.stringMatching(/Z$/) },
      { type: 'replied', call: { operation: 'rollback' } },
    ]);
  });
});

describe('the list', () => {
  const gtidsOf = async (query: string): Promise<readonly string[]> =>
    (await page(query)).items.map(({ gtid }) => gtid);
  const page = async (query: string) =>
    listViewSchema.parse((await api.get(`/v1/transactions?${query}`)).body);

  test('has the newest first, and everything that was told', async () => {
    const first = await api.begin(sagaAt(participants.add().url, { name: 'order' }));
    const second = await api.begin(sagaAt(participants.add().url, { name: 'order' }));
    expect((await page('name=order')).items).toEqual([second, first]);
  });

  test('is read page by page, each transaction once, whatever begins meanwhile', async () => {
    const begun: string[] = [];
    for (let index = 0; index < 7; index += 1) {
      begun.unshift((await api.begin(sagaAt(participants.add().url, { name: 'paged' }))).gtid);
    }
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const next = await page(`name=paged&limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`);
      seen.push(...next.items.map(({ gtid }) => gtid));
      ({ cursor } = next);
      await api.begin(sagaAt(participants.add().url, { name: 'paged' }));
    }
    expect(seen).toEqual(begun);
  });

  test('filters by protocol, phase, outcome, participant and name', async () => {
    const [yes, no] = [participants.add(), participants.add().answers('execute', NO)];
    const name = 'filtered';
    const committed = await api.begin(sagaAt(yes.url, { name }));
    const rolledBack = await api.begin(sagaAt(no.url, { name }));
    const active = await api.begin({ protocol: 'tcc', name });
    const cases: readonly (readonly [string, readonly { gtid: string }[]])[] = [
      ['', [active, rolledBack, committed]],
      ['protocol=saga', [rolledBack, committed]],
      ['protocol=tcc', [active]],
      ['protocol=3pc', []],
      ['phase=ended', [rolledBack, committed]],
      ['phase=active', [active]],
      ['outcome=committed', [committed]],
      ['outcome=rolled-back&protocol=saga', [rolledBack]],
      ['outcome=heuristic-mixed', []],
      [`participant=${encodeURIComponent(no.url)}`, [rolledBack]],
      ['participant=nobody', []],
      ['stuck=true', []],
      ['stuck=false&phase=active', [active]],
    ];
    for (const [query, expected] of cases) {
      expect([query, await gtidsOf(`name=${name}&${query}`)]).toEqual([
        query,
        expected.map(({ gtid }) => gtid),
      ]);
    }
  });

  test('filters by the name of a registered participant, also one that enlisted', async () => {
    const { gtid } = await api.begin({ protocol: '2pc', name: 'enlisting' });
    expect(await gtidsOf('name=enlisting&participant=bank')).toEqual([]);
    await api.post(`/v1/transactions/${gtid}/branches`, { id: 'a', participant: 'bank' });
    expect(await gtidsOf('name=enlisting&participant=bank')).toEqual([gtid]);
  });

  test('filters by when they begun, in any time zone', async () => {
    const begun = await api.begin(sagaAt(participants.add().url, { name: 'timed' }));
    const at = Date.parse(begun.begunAt);
    const around = (offsetMs: number): string =>
      encodeURIComponent(new Date(at + offsetMs).toISOString());
    expect(await gtidsOf(`name=timed&begunAfter=${around(-1_000)}`)).toEqual([begun.gtid]);
    expect(await gtidsOf(`name=timed&begunAfter=${around(1_000)}`)).toEqual([]);
    expect(await gtidsOf(`name=timed&begunBefore=${around(1_000)}`)).toEqual([begun.gtid]);
    expect(await gtidsOf(`name=timed&begunBefore=${around(-1_000)}`)).toEqual([]);
    const local = new Date(at - 1_000 + 5_400_000).toISOString().replace('Z', '%2B01:30');
    expect(await gtidsOf(`name=timed&begunAfter=${local}`)).toEqual([begun.gtid]);
  });

  test('finds what is stuck', async () => {
    const tested = participants.add().answers('compensate', { status: 409, body: { reason: 'x' } });
    const { gtid } = await api.begin(
      {
        protocol: 'saga',
        name: 'stuck one',
        branches: [
          {
            id: 'a',
            participant: { url: tested.url },
            retry: { firstDelayMs: 10, delayMaxMs: 20 },
          },
          { id: 'b', participant: { url: participants.add().answers('execute', NO).url } },
        ],
      },
      { prefer: 'respond-async' },
    );
    const isListed = async (): Promise<boolean> =>
      (await gtidsOf('name=stuck%20one&stuck=true')).includes(gtid);
    await eventually('it is listed as stuck', isListed);
    expect(await api.find(gtid)).toMatchObject({ stuck: true, decision: 'rollback' });
    tested.answers('compensate', { status: 200 });
    await eventually('it is no longer listed', async () => !(await isListed()));
    expect(await api.untilEnded(gtid)).toMatchObject({ outcome: 'rolled-back', stuck: false });
  });

  test('has at most 200 a page, and 50 unless asked for more', async () => {
    await Promise.all(
      Array.from({ length: 60 }, () => api.begin({ protocol: '2pc', name: 'many' })),
    );
    expect(await gtidsOf('name=many')).toHaveLength(50);
    expect(await gtidsOf('name=many&limit=200')).toHaveLength(60);
  });
});
