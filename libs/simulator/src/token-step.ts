// A local step of a participant of 2PC, TCC or Saga: the barrier's rule as the participant SDK has
// it (`verdict`), with the comparison of tokens of its Postgres adapter (row.ts).
//
//             lower            equal                  higher
//             stale            the recorded reply     verdict: run, answer, or nobody may guess
//
// Effect, barrier and reply are one local transaction: one event here. 2PC is told by the same
// rule: prepare is forward, commit completes, rollback undoes.
import type { Answer, Question } from '@concordat/engine';
import type { Aim, Work } from '@concordat/participant-sdk';
import { verdict } from '@concordat/participant-sdk';
import type { Operation } from '@concordat/protocols';
import { assert, isQuestion } from '@concordat/protocols';
import type { ByItself, Host, Key } from './participants.js';

/** The barrier's row of a branch, and what has become of its work. */
interface Row {
  readonly token: number;
  readonly operation: Operation;
  readonly work: Work;
  readonly reply: Reply;
  /** It has acted on its own, and answers every order like this. */
  readonly byItself: ByItself | null;
}

type Reply = Extract<Answer, { type: 'reply' }>;

const aims: Readonly<Partial<Record<Operation, Aim>>> = {
  prepare: 'forward',
  try: 'forward',
  execute: 'forward',
  commit: 'complete',
  confirm: 'complete',
  rollback: 'undo',
  cancel: 'undo',
  compensate: 'undo',
  'commit-one-phase': 'one-phase',
};

const yes: Readonly<Partial<Record<Operation, 'prepared' | 'tried' | 'done'>>> = {
  prepare: 'prepared',
  try: 'tried',
  execute: 'done',
};

export class TokenStep {
  /** Durable, as JSON: nothing is shared by reference. */
  private readonly rows = new Map<string, string>();

  constructor(private readonly host: Host) {}

  answer(question: Question): Answer {
    const { gtid, call } = question;
    const key = { gtid, branch: call.branch };
    const row = this.read(key);
    const answer = this.compared(key, question, row);
    this.host.world.recorder.stepped(gtid, call.branch, call.token, answer.type);
    return answer;
  }

  /** Everything that was ever recorded. @returns which branches those were */
  forget(): readonly Key[] {
    const keys = [...this.rows.keys()].map((text) => JSON.parse(text) as Key);
    this.rows.clear();
    return keys;
  }

  private compared(key: Key, question: Question, row: Row | undefined): Answer {
    const { token, operation } = question.call;
    if (row !== undefined && token < row.token) return { type: 'stale' };
    if (row !== undefined && token === row.token) {
      if (row.operation === operation) return row.reply;
      return { type: 'in-doubt', reason: `token ${token} was seen with ${row.operation}` };
    }
    return this.next(key, question, row);
  }

  /** The next call of its branch. */
  private next(key: Key, question: Question, row: Row | undefined): Answer {
    const { operation } = question.call;
    const aim = aims[operation];
    assert(aim !== undefined, 'the operation is one that is fenced by tokens');
    const work = row?.work ?? 'none';
    if (row?.byItself != null && !isQuestion(operation)) {
      return this.record(key, question, row, work, replied(row.byItself));
    }
    const what = verdict(aim, work);
    switch (what.type) {
      case 'contradiction':
        return { type: 'in-doubt', reason: `${operation} was asked again` };
      case 'answer':
        return this.record(key, question, row, what.becomes, what.answer);
      case 'run':
        return this.run(key, question, row, aim, what.becomes);
    }
  }

  private run(key: Key, question: Question, row: Row | undefined, aim: Aim, becomes: Work): Answer {
    const { operation, retriable } = question.call;
    const mood = this.host.moodFor(key, operation, retriable === true);
    const work = row?.work ?? 'none';
    switch (mood) {
      case 'works':
        return { type: 'working', retryAfterMs: undefined };
      case 'balks':
        return { type: 'balked', reason: 'not now' };
      case 'refuses':
        return this.record(key, question, row, work, replied('refused'));
      case 'lies':
        this.host.world.recorder.breach(key.gtid, key.branch, 'lies');
        return this.record(key, question, row, becomes, replied('acknowledged'));
      case 'obeys':
        return this.obey(key, question, row, aim, becomes);
    }
  }

  private obey(
    key: Key,
    question: Question,
    row: Row | undefined,
    aim: Aim,
    becomes: Work,
  ): Answer {
    const { operation } = question.call;
    const { vote, result } = this.host.world.recorder.planOf(key.gtid, key.branch);
    if (vote === 'read-only' && operation === 'prepare') {
      this.host.world.recorder.effect(key.gtid, key.branch, 'read-only');
      return this.record(key, question, row, 'read-only', replied('read-only'));
    }
    this.touch(key, question.definition.protocol === 'saga', aim);
    const answer: Reply = {
      ...replied(yes[operation] ?? 'acknowledged'),
      ...(result !== undefined && isQuestion(operation) ? { result } : {}),
    };
    this.record(key, question, row, becomes, answer);
    if (becomes === 'done') this.host.holds(key, (what) => this.actByItself(key, what));
    return answer;
  }

  /** What the handler does to the resource. */
  private touch(key: Key, isSaga: boolean, aim: Aim): void {
    const { recorder } = this.host.world;
    const { gtid, branch } = key;
    const { amount } = recorder.planOf(gtid, branch);
    const commits = aim === 'complete' || aim === 'one-phase' || (isSaga && aim === 'forward');
    if (commits) this.host.pay(amount);
    if (isSaga && aim === 'undo') this.host.pay(-amount);
    if (commits) recorder.effect(gtid, branch, 'committed');
    else recorder.effect(gtid, branch, aim === 'undo' ? 'rolled-back' : 'prepared');
  }

  /** Behind the back of its coordinator, if its work is still held. */
  private actByItself(key: Key, what: ByItself): void {
    const row = this.read(key);
    if (row === undefined || row.work !== 'done' || row.byItself !== null) return;
    const isSaga = row.operation === 'execute';
    this.host.world.recorder.breach(key.gtid, key.branch, what);
    if (what === 'heuristic-rollback') {
      this.touch(key, isSaga, 'undo');
      this.write(key, { ...row, work: 'undone' });
    } else if (what === 'heuristic-commit' && !isSaga) {
      this.touch(key, isSaga, 'complete');
      this.write(key, { ...row, work: 'completed' });
    } else {
      this.write(key, { ...row, byItself: what }); // of a saga: it will not compensate
    }
  }

  private record(
    key: Key,
    { call }: Question,
    row: Row | undefined,
    work: Work,
    reply: Reply,
  ): Answer {
    const { token, operation } = call;
    this.write(key, { token, operation, work, reply, byItself: row?.byItself ?? null });
    return reply;
  }

  private read({ gtid, branch }: Key): Row | undefined {
    const text = this.rows.get(JSON.stringify({ gtid, branch }));
    return text === undefined ? undefined : (JSON.parse(text) as Row);
  }

  private write({ gtid, branch }: Key, row: Row): void {
    this.rows.set(JSON.stringify({ gtid, branch }), JSON.stringify(row));
  }
}

type Word = Exclude<Reply['reply']['type'], 'standing'>;

function replied(type: Word): Reply {
  return { type: 'reply', reply: { type } };
}
