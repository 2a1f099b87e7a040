// 3PC at one participant: what it answers, what it makes durable, what its handlers do.
import type { PeerAnswer } from '@concordat/wire';
import { describe, expect, test } from 'vitest';
import { acknowledged, branchAt, latch, reply, untilSettled, working } from './calling.js';
import { Member, rosterOf, Transaction, written } from './members.js';
import { eventually } from '../support/eventually.js';

const member = await Member.open('a');
const impatient = await Member.open('impatient', 100);
const others = [await Member.open('b'), await Member.open('c')];
const begin = (): Transaction => new Transaction([member, ...others]);
const prepared = reply('prepared', { result: { voted: 'a' } });
const notToday = reply('refused', { note: 'not today' });

/** How a branch comes to stand as it does, in calls of an operation and a ballot. */
const pasts = {
  '-': [],
  'ready 0/0': ['can-commit'],
  'ready 4/0': ['can-commit', 'elect 4'],
  'pre-committed 4/4': ['can-commit', 'elect 4', 'pre-commit 4'],
  'pre-aborted 4/4': ['can-commit', 'elect 4', 'pre-abort 4'],
  'committed 4/0': ['can-commit', 'elect 4', 'do-commit'],
  'aborted 4/0': ['can-commit', 'elect 4', 'abort'],
} as const;

type Past = keyof typeof pasts;

/**
 * Rows: the call. Columns: how the branch stood. In a cell: the answer, then how the branch stands
 * if that has changed. `told`: how it stands is the answer.
 */
const TABLE = `
call          -                                ready 0/0                        ready 4/0                        pre-committed 4/4              pre-aborted 4/4                  committed 4/0     aborted 4/0
can-commit    prepared, ready 0/0              prepared                         prepared                         prepared                       prepared                         prepared          refused
state         told                             told                             told                             told                           told                             told              told
elect 3       told, aborted 3/0                told, ready 3/0                  told                             told                           told                             told              told
elect 4       told, aborted 4/0                told, ready 4/0                  told                             told                           told                             told              told
elect 5       told, aborted 5/0                told, ready 5/0                  told, ready 5/0                  told, pre-committed 5/4        told, pre-aborted 5/4            told              told
pre-commit 0  in-doubt                         acknowledged, pre-committed 0/0  told                             told                           told                             told              told
pre-commit 4  in-doubt                         told                             acknowledged, pre-committed 4/4  acknowledged                   acknowledged, pre-committed 4/4  told              told
pre-commit 5  in-doubt                         told                             told                             told                           told                             told              told
pre-abort 0   in-doubt                         acknowledged, pre-aborted 0/0    told                             told                           told                             told              told
pre-abort 4   in-doubt                         told                             acknowledged, pre-aborted 4/4    acknowledged, pre-aborted 4/4  acknowledged                     told              told
pre-abort 5   in-doubt                         told                             told                             told                           told                             told              told
do-commit     heuristic-rollback               acknowledged, committed 0/0      acknowledged, committed 4/0      acknowledged, committed 4/4    acknowledged, committed 4/4      acknowledged      heuristic-rollback
abort         acknowledged, aborted 0/0        acknowledged, aborted 0/0        acknowledged, aborted 4/0        acknowledged, aborted 4/4      acknowledged, aborted 4/4        heuristic-commit  acknowledged
`;

const [columns = [], ...rows] = TABLE.trim()
  .split('\n')
  .map((line) => line.split(/ {2,}/));
const calls = rows.map(([call = '']) => call);

describe.each(['coordinator', 'participant'] as const)('what a call by a %s comes to', (from) => {
  test.each(rows)('%s', async (call, ...expected) => {
    const cells: string[] = [];
    for (const past of Object.keys(pasts) as Past[]) cells.push(await cell(from, call, past));
    expect(cells).toEqual(expected);
  });
});

test('the table is whole', () => {
  expect(columns).toEqual(['call', ...Object.keys(pasts)]);
  expect(new Set(calls.map((call) => call.split(' ', 1)[0]))).toEqual(
    member.participant.operations,
  );
});

async function cell(
  from: 'coordinator' | 'participant',
  call: string,
  past: Past,
): Promise<string> {
  const transaction = begin();
  for (const before of pasts[past]) await make(transaction, 'coordinator', before);
  expect(written(await member.standing(transaction.gtid))).toBe(past);
  const said = saidIn(await make(transaction, from, call));
  const after = written(await member.standing(transaction.gtid));
  const answer = said === after ? 'told' : said;
  return after === past ? answer : `${answer}, ${after}`;
}

function make(
  transaction: Transaction,
  from: 'coordinator' | 'participant',
  text: string,
): Promise<PeerAnswer> {
  const [operation, number] = text.split(' ') as ['can-commit' | 'elect', string?];
  const ballot = number === undefined ? undefined : Number(number);
  if (operation === 'can-commit' || (from === 'coordinator' && text !== 'state')) {
    return transaction.at(member).call(operation, 1, ballot === undefined ? {} : { ballot });
  }
  return transaction.peer(member, operation, ballot);
}

function saidIn(answer: PeerAnswer): string {
  if (answer.type === 'state') return written(answer.standing);
  if (answer.type !== 'reply') return answer.type;
  return answer.reply.type === 'standing' ? written(answer.reply.standing) : answer.reply.type;
}

describe('a vote', () => {
  test('keeps roster, payload and answer in one local transaction with its work', async () => {
    const transaction = begin();
    expect(await transaction.at(member).call('can-commit', 1)).toEqual(prepared);
    const { rows } = await member.pool.query(
      'select state, roster, place, payload, vote from concordat_standing where gtid = $1',
      [transaction.gtid],
    );
    const roster = rosterOf([member, ...others]);
    expect(rows).toEqual([
      { state: 'ready', roster, place: 0, payload: { for: 'a' }, vote: prepared },
    ]);
    const { rows: together } = await member.pool.query(
      `select from deed join concordat_standing kept using (gtid, branch)
        where gtid = $1 and deed.xmin = kept.xmin`,
      [transaction.gtid],
    );
    expect(together).toHaveLength(1);
  });

  test('is repeated as it was, with its result', async () => {
    const transaction = begin();
    await transaction.at(member).call('can-commit', 1);
    await transaction.peer(member, 'elect', 4);
    expect(await transaction.at(member).call('can-commit', 7)).toEqual(prepared);
    expect(await member.deeds(transaction.gtid)).toEqual(['can-commit']);
  });

  test('of a branch that has been aborted is a refusal, whatever it was', async () => {
    const transaction = begin();
    await transaction.at(member).call('can-commit', 1);
    await transaction.peer(member, 'abort');
    const aborted = reply('refused', { note: 'the branch has been aborted' });
    expect(await transaction.at(member).call('can-commit', 1)).toEqual(aborted);
  });

  test('that refuses keeps nothing of its work, but is remembered with its reason', async () => {
    const transaction = begin();
    member.mood = 'refuse';
    expect(await transaction.at(member).call('can-commit', 1)).toEqual(notToday);
    member.mood = 'obey';
    expect(await transaction.at(member).call('can-commit', 1)).toEqual(notToday);
    expect(await member.deeds(transaction.gtid)).toEqual([]);
    expect(written(await member.standing(transaction.gtid))).toBe('aborted 0/0');
  });

  test('on a payload that cannot be read is a refusal', async () => {
    const payload = 'nonsense';
    const answer = await begin().at(member).call('can-commit', 1, { payload });
    expect(answer).toEqual(reply('refused', { note: 'no such thing' }));
  });

  const here = (id: string) => ({ branch: member.id, url: `http://127.0.0.1:1/${id}` }) as never;
  const many = Array.from({ length: 101 }, (_, place) => here(`${place}`));
  const elsewhere = { branch: others[1]?.id, url: 'http://169.254.169.254/latest' } as never;
  const roster = rosterOf([member, ...others]);
  test.each([
    ['without a roster', undefined, 'there is no roster'],
    ['with a roster of others', { ...roster, members: roster.members.slice(1) }, 'does not name'],
    ['with a roster without end', { ...roster, members: many }, 'more than 100 branches'],
    ['with a roster that names it twice', { ...roster, members: [here('1'), here('2')] }, 'twice'],
    [
      'with one who may not be called',
      { ...roster, members: [...roster.members.slice(0, 2), elsewhere] },
      'the roster names c, which may not be called: its URL is not among the peers',
    ],
    ['with a quorum that is none', { ...roster, quorum: 1 }, 'a quorum of 3 is 2, not 1'],
  ])('%s is a refusal, and runs nothing', async (_, given, reason) => {
    const branch = branchAt(member.url, '3pc', { id: member.id });
    const answer = await branch.call('can-commit', 1, given === undefined ? {} : { roster: given });
    expect(answer).toEqual(reply('refused', { note: expect.stringContaining(reason) }));
    expect(await member.deeds(branch.gtid)).toEqual([]);
  });
});

describe('the orders of another participant', () => {
  test.each(['do-commit', 'abort'] as const)(
    '%s runs the handler with the payload and the result of the vote',
    async (order) => {
      const transaction = begin();
      await transaction.at(member).call('can-commit', 1);
      expect(await transaction.peer(member, order)).toEqual(acknowledged);
      const { rows } = await member.pool.query(
        'select operation, payload, result from deed where gtid = $1 order by id',
        [transaction.gtid],
      );
      expect(rows).toEqual([
        { operation: 'can-commit', payload: { for: 'a' }, result: null },
        { operation: order, payload: { for: 'a' }, result: { voted: 'a' } },
      ]);
    },
  );

  test('a decision is final: its handler runs once, and the other one never', async () => {
    const transaction = begin();
    await transaction.at(member).call('can-commit', 1);
    for (const token of [2, 3]) {
      expect(await transaction.at(member).call('do-commit', token)).toEqual(acknowledged);
      expect(await transaction.peer(member, 'do-commit')).toEqual(acknowledged);
      expect(await transaction.peer(member, 'abort')).toEqual(reply('heuristic-commit'));
    }
    expect(await member.deeds(transaction.gtid)).toEqual(['can-commit', 'do-commit']);
  });
});

describe('a handler', () => {
  test('that throws is in doubt, leaves nothing, and runs when it is asked again', async () => {
    const transaction = begin();
    member.mood = 'throw';
    const answer = await transaction.at(member).call('can-commit', 1);
    expect(answer.type).toBe('in-doubt');
    expect(JSON.stringify(answer)).not.toContain('out of order');
    expect(member.reported.at(-1)).toBe('Error: out of order');
    expect(await transaction.peer(member, 'state')).toEqual({ type: 'state', standing: null });
    member.mood = 'obey';
    expect(await transaction.at(member).call('can-commit', 1)).toEqual(prepared);
    expect(await member.deeds(transaction.gtid)).toEqual(['can-commit']);
  });

  test.each(['throw', 'swallow'] as const)(
    'of an order, %s: in doubt, and the branch stands as before',
    async (mood) => {
      const transaction = begin();
      await transaction.at(member).call('can-commit', 1);
      member.mood = mood;
      expect((await transaction.at(member).call('do-commit', 2)).type).toBe('in-doubt');
      member.mood = 'obey';
      expect(written(await member.standing(transaction.gtid))).toBe('ready 0/0');
      expect(await member.deeds(transaction.gtid)).toEqual(['can-commit']);
      expect(await transaction.at(member).call('do-commit', 2)).toEqual(acknowledged);
    },
  );

  test('whose SQL error is swallowed has not voted', async () => {
    const transaction = begin();
    member.mood = 'swallow';
    expect((await transaction.at(member).call('can-commit', 1)).type).toBe('in-doubt');
    member.mood = 'obey';
    expect(await member.standing(transaction.gtid)).toBeUndefined();
  });

  test.each(['roll-back', 'commit-and-refuse'] as const)(
    'that ends its transaction by itself (%s) has neither voted nor obeyed',
    async (mood) => {
      const transaction = begin();
      member.mood = mood;
      expect((await transaction.at(member).call('can-commit', 1)).type).toBe('in-doubt');
      expect(member.reported.at(-1)).toBe('Error: a handler has ended its transaction');
      expect(written(await member.standing(transaction.gtid))).toBe('-');
      member.mood = 'obey';
      expect(await transaction.at(member).call('can-commit', 1)).toEqual(prepared);
      member.mood = mood;
      expect((await transaction.at(member).call('do-commit', 2)).type).toBe('in-doubt');
      expect((await transaction.peer(member, 'do-commit')).type).toBe('in-doubt');
      member.mood = 'obey';
      expect(written(await member.standing(transaction.gtid))).toBe('ready 0/0');
      expect(await transaction.at(member).call('do-commit', 2)).toEqual(acknowledged);
    },
  );

  test('that cannot obey an order balks, keeps nothing, and obeys when it comes again', async () => {
    const transaction = begin();
    await transaction.at(member).call('can-commit', 1);
    member.mood = 'refuse';
    const balked = (reason: string) => ({ type: 'balked', reason });
    expect(await transaction.at(member).call('do-commit', 2)).toEqual(balked('not today'));
    expect(await transaction.peer(member, 'do-commit')).toEqual(balked('HTTP 409'));
    member.mood = 'obey';
    expect(await member.deeds(transaction.gtid)).toEqual(['can-commit']);
    expect(written(await member.standing(transaction.gtid))).toBe('ready 0/0');
    expect(await transaction.peer(member, 'do-commit')).toEqual(acknowledged);
    expect(await member.deeds(transaction.gtid)).toEqual(['can-commit', 'do-commit']);
  });
});

describe('at the same time', () => {
  /** True once some statement waits for a lock in the database of `who`. */
  async function somebodyWaits(who: Member): Promise<boolean> {
    const { rows } = await who.pool.query(
      `select from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return rows.length > 0;
  }

  test('a second copy of the question waits, and repeats the vote', async () => {
    const transaction = begin();
    [member.mood, member.door] = ['wait', latch()];
    const first = transaction.at(member).call('can-commit', 1);
    await member.door.reached;
    const second = transaction.at(member).call('can-commit', 1);
    await eventually('the second copy waits', () => somebodyWaits(member));
    member.mood = 'obey';
    member.door.open();
    expect(await Promise.all([first, second])).toEqual([prepared, prepared]);
    expect(await member.deeds(transaction.gtid)).toEqual(['can-commit']);
  });

  test('an election waits for the vote that is under way, and counts it', async () => {
    const transaction = begin();
    [member.mood, member.door] = ['wait', latch()];
    const vote = transaction.at(member).call('can-commit', 1);
    await member.door.reached;
    const elected = transaction.peer(member, 'elect', 5);
    await eventually('the election waits', () => somebodyWaits(member));
    member.mood = 'obey';
    member.door.open();
    expect(await vote).toEqual(prepared);
    expect(saidIn(await elected)).toBe('ready 5/0');
  });

  test('whoever would wait too long is told to ask again', async () => {
    const transaction = new Transaction([impatient]);
    [impatient.mood, impatient.door] = ['wait', latch()];
    const vote = transaction.at(impatient).call('can-commit', 1);
    await impatient.door.reached;
    expect(await transaction.peer(impatient, 'elect', 1)).toEqual(working);
    impatient.mood = 'obey';
    impatient.door.open();
    expect(await vote).toMatchObject(reply('prepared'));
    expect(written(await impatient.standing(transaction.gtid))).toBe('ready 0/0');
  });

  test('commits and aborts that race: one of them is the end, and runs once', async () => {
    for (let round = 0; round < 20; round += 1) {
      const transaction = begin();
      await transaction.at(member).call('can-commit', 1);
      const orders = ['do-commit', 'abort', 'do-commit', 'abort'] as const;
      const answers = await Promise.all(
        orders.map((order) => untilSettled(() => transaction.peer(member, order) as never)),
      );
      const [commit, abort, ...again] = answers;
      expect(again).toEqual([commit, abort]);
      const committed = saidIn(commit as PeerAnswer) === 'acknowledged';
      expect(saidIn(abort as PeerAnswer)).toBe(committed ? 'heuristic-commit' : 'acknowledged');
      const end = committed ? 'do-commit' : 'abort';
      expect(await member.deeds(transaction.gtid)).toEqual(['can-commit', end]);
    }
  });

  test('a ballot of its own is obtained once, however many want it at once', async () => {
    const transaction = begin();
    await transaction.at(member).call('can-commit', 1);
    const branch = { gtid: transaction.gtid, branch: member.id } as never;
    const wanted = Array.from({ length: 8 }, () => member.standings.promise(branch, 1));
    const obtained = (await Promise.all(wanted)).filter((standing) => standing !== undefined);
    expect(obtained.map(written)).toEqual(['ready 1/0']);
  });
});
