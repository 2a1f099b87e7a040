// What the parts of the contract share: questions, and the words of answers.
import type { Answer, Question } from '@concordat/engine';
import type { Json, Operation } from '@concordat/protocols';
import type { BranchName } from '@concordat/wire';
import { expect, onTestFinished } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { question } from '../support.js';
import type { Adapter, OurName, Subject } from './subject.js';
import { newName } from './subject.js';

export const acknowledged: Answer = { type: 'reply', reply: { type: 'acknowledged' } };

/** What people read beside such a reply must name the branch. */
export function heuristic(how: string, name: BranchName): unknown {
  const note = expect.stringContaining(name.gtid);
  return { type: 'reply', reply: { type: `heuristic-${how}` }, note };
}

export const inDoubt = { type: 'in-doubt', reason: expect.stringMatching(/./) };

/** @param result of the vote, where there was one */
export function questionAbout(name: BranchName, operation: Operation, result?: Json): Question {
  const { gtid, branch } = name;
  return question(operation, { gtid, call: { branch, operation, token: 3 }, result });
}

/** @returns the result of the vote, as the journal would keep it */
export async function votedOn(adapter: Adapter, name: BranchName): Promise<Json | undefined> {
  const vote = await adapter.ask(questionAbout(name, 'prepare'));
  expect(vote).toMatchObject({ type: 'reply', reply: { type: 'prepared' } });
  return vote.type === 'reply' ? vote.result : undefined;
}

/** Asks until the answer lasts, as the engine does. */
export function settled(adapter: Adapter, asked: Question): Promise<Answer> {
  return eventually(`${asked.call.operation} is answered`, async () => {
    const answer = await adapter.ask(asked);
    return answer.type === 'reply' ? answer : undefined;
  });
}

export async function isListed(adapter: Adapter, { gtid }: BranchName): Promise<boolean> {
  return (await adapter.prepared()).some(({ name }) => name?.gtid === gtid);
}

/** A branch that a service has prepared, and that has voted. */
export interface Prepared {
  readonly adapter: Adapter;
  readonly name: OurName;
  /** With the result of the vote. */
  readonly asked: (operation: Operation) => Question;
  readonly ask: (operation: Operation) => Promise<Answer>;
}

export class Bench {
  private made: Subject | undefined;

  get subject(): Subject {
    if (this.made === undefined) throw new Error('the subject is made before the first test');
    return this.made;
  }

  set subject(subject: Subject) {
    this.made = subject;
  }

  /** An adapter for one test. */
  open(): Adapter {
    return closing(this.subject.open());
  }

  unreachable(): Adapter {
    return closing(this.subject.unreachable());
  }

  async prepared(): Promise<Prepared> {
    const adapter = this.open();
    const name = newName();
    await this.subject.prepare(name);
    const result = await votedOn(adapter, name);
    const asked = (operation: Operation): Question => questionAbout(name, operation, result);
    return { adapter, name, asked, ask: (operation) => adapter.ask(asked(operation)) };
  }
}

function closing(adapter: Adapter): Adapter {
  onTestFinished(() => adapter.close());
  return adapter;
}
