// What every resource manager must do, whichever database it is: the lies that it must not tell,
// the losses that it must survive. A spec file calls this with its subject.
import { ResourceManagerUnreachable } from '@concordat/engine';
import { InvariantViolation } from '@concordat/protocols';
import { asBranchId, asGtid } from '@concordat/wire';
import { beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.js';
import {
  acknowledged,
  Bench,
  heuristic,
  inDoubt,
  isListed,
  questionAbout,
  settled,
} from './bench.js';
import type { Subject } from './subject.js';
import { CLUSTER, newName } from './subject.js';

export * from './bench.js';

export function resourceManagerContract(kind: string, makeSubject: () => Promise<Subject>): void {
  describe(`the contract of a resource manager, by ${kind}`, () => {
    const bench = new Bench();
    beforeAll(async () => {
      bench.subject = await makeSubject();
    });
    for (const part of PARTS) part(bench);
  });
}

const PARTS = [
  votes,
  outcomes,
  handwork,
  lostReplies,
  killedServers,
  recovery,
  names,
  nobodyThere,
  selfTests,
] as const;

function votes(bench: Bench): void {
  describe('a vote', () => {
    test('is given on what is prepared, and repeated', async () => {
      const { adapter, name, asked, ask } = await bench.prepared();
      const again = await ask('prepare');
      expect(again).toMatchObject({ reply: { type: 'prepared' } });
      expect(again).toHaveProperty('result', asked('commit').result);
      expect(await isListed(adapter, name)).toBe(true);
      await ask('rollback');
    });

    test('is a no where nothing is prepared, and says so', async () => {
      const adapter = bench.open();
      const name = newName();
      expect(await adapter.ask(questionAbout(name, 'prepare'))).toEqual({
        type: 'reply',
        reply: { type: 'refused' },
        note: expect.stringContaining(name.gtid),
      });
    });

    test.each([
      ['another branch', { branch: asBranchId('stock') }],
      ['another installation', { cluster: 'deadbeef' }],
      ['a participant on its own', { cluster: undefined }],
    ])('is a no where what is prepared is that of %s', async (_, difference) => {
      const adapter = bench.open();
      const name = newName();
      const other = { ...name, ...difference };
      await bench.subject.prepare(other);
      const vote = await adapter.ask(questionAbout(name, 'prepare'));
      expect(vote).toMatchObject({ reply: { type: 'refused' } });
      expect(await adapter.ask(questionAbout(name, 'rollback'))).toEqual(acknowledged);
      expect(await isListed(adapter, other)).toBe(true);
      await bench.subject.endByHand(other, 'rollback');
    });
  });
}

function outcomes(bench: Bench): void {
  describe('an outcome', () => {
    test('is a commit, once and for all', async () => {
      const { adapter, name, ask } = await bench.prepared();
      expect(await bench.subject.isVisible(name)).toBe(false);
      expect(await ask('commit')).toEqual(acknowledged);
      expect(await bench.subject.isVisible(name)).toBe(true);
      expect(await isListed(adapter, name)).toBe(false);
      expect(await ask('commit')).toEqual(acknowledged);
    });

    test('is a rollback, once and for all', async () => {
      const { adapter, name, ask } = await bench.prepared();
      expect(await ask('rollback')).toEqual(acknowledged);
      expect(await bench.subject.isVisible(name)).toBe(false);
      expect(await isListed(adapter, name)).toBe(false);
      expect(await ask('rollback')).toEqual(acknowledged);
    });

    test('of a branch that nobody has prepared is a rollback', async () => {
      const adapter = bench.open();
      expect(await adapter.ask(questionAbout(newName(), 'rollback'))).toEqual(acknowledged);
    });

    test('of a branch whose vote was lost is a rollback all the same', async () => {
      const adapter = bench.open();
      const name = newName();
      await bench.subject.prepare(name);
      expect(await adapter.ask(questionAbout(name, 'rollback'))).toEqual(acknowledged);
      expect(await isListed(adapter, name)).toBe(false);
    });

    test('is asked for by several at once, and happens once', async () => {
      const { name, adapter, asked } = await bench.prepared();
      const all = await Promise.all(
        Array.from({ length: 6 }, () => settled(adapter, asked('commit'))),
      );
      expect(all).toEqual(Array.from({ length: 6 }, () => acknowledged));
      expect(await bench.subject.isVisible(name)).toBe(true);
    });

    test('is not asked for in the words of another protocol', async () => {
      const { adapter, name, ask } = await bench.prepared();
      for (const operation of ['can-commit', 'do-commit', 'try', 'compensate'] as const) {
        expect(await ask(operation)).toEqual(inDoubt);
      }
      expect(await isListed(adapter, name)).toBe(true);
      await ask('rollback');
    });
  });
}

function handwork(bench: Bench): void {
  describe('what a person has ended by hand', () => {
    test.each(['commit', 'rollback'] as const)('as it was decided (%s) is done', async (how) => {
      const { name, ask } = await bench.prepared();
      await bench.subject.endByHand(name, how);
      expect(await ask(how)).toEqual(acknowledged);
      expect(await bench.subject.isVisible(name)).toBe(how === 'commit');
    });

    test.each([
      ['commit', 'rollback'],
      ['rollback', 'commit'],
    ] as const)('by a %s, against the decision, is a heuristic', async (how, decision) => {
      const { name, ask } = await bench.prepared();
      await bench.subject.endByHand(name, how);
      expect(await ask(decision)).toEqual(heuristic(how, name));
      expect(await ask(decision)).toEqual(heuristic(how, name));
      expect(await bench.subject.isVisible(name)).toBe(how === 'commit');
    });

    test('is a hazard where nothing tells any more what it was', async () => {
      const { adapter, name, asked } = await bench.prepared();
      await bench.subject.endByHand(name, 'commit');
      const commit = await bench.subject.withoutEvidence(asked('commit'));
      expect(await adapter.ask(commit)).toEqual(heuristic('hazard', name));
    });
  });
}

function lostReplies(bench: Bench): void {
  describe('a lost reply', () => {
    test.each(['commit', 'rollback'] as const)('to a %s is in doubt', async (decision) => {
      const { adapter, name, asked, ask } = await bench.prepared();
      const fault = bench.subject.loseNextReply();
      expect(await ask(decision)).toEqual(inDoubt);
      expect(fault.fired).toBe(1);
      fault.heal();
      expect(await isListed(adapter, name)).toBe(false);
      expect(await settled(adapter, asked(decision))).toEqual(acknowledged);
      expect(await bench.subject.isVisible(name)).toBe(decision === 'commit');
    });
  });
}

function killedServers(bench: Bench): void {
  describe('a server that is killed', () => {
    test.each(['commit', 'rollback'] as const)(
      'between the vote and the outcome (%s) has kept the branch',
      async (decision) => {
        const { adapter, name, asked, ask } = await bench.prepared();
        await bench.subject.kill();
        expect(await ask(decision)).toEqual(inDoubt);
        expect(await ask('prepare')).toEqual(inDoubt);
        await expect(adapter.prepared()).rejects.toThrow(ResourceManagerUnreachable);
        await bench.subject.start();
        expect(await eventually('it is asked', () => isListed(adapter, name))).toBe(true);
        expect(await settled(adapter, asked(decision))).toEqual(acknowledged);
        expect(await bench.subject.isVisible(name)).toBe(decision === 'commit');
      },
    );

    test.each(['commit', 'rollback'] as const)(
      'after the outcome (%s) remembers it',
      async (decision) => {
        const { adapter, name, asked } = await bench.prepared();
        await bench.subject.endByHand(name, decision);
        await bench.subject.kill();
        await bench.subject.start();
        expect(await settled(adapter, asked(decision))).toEqual(acknowledged);
        expect(await bench.subject.isVisible(name)).toBe(decision === 'commit');
      },
    );
  });
}

function recovery(bench: Bench): void {
  describe('recovery', () => {
    test('sees whose branches are prepared', async () => {
      const adapter = bench.open();
      const own = newName();
      const foreign = newName('stock', 'deadbeef');
      const nameless = { ...newName(), cluster: undefined };
      for (const name of [own, foreign, nameless]) await bench.subject.prepare(name);
      const names = (await adapter.prepared()).map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining([own, foreign, nameless]));
      for (const name of [own, foreign, nameless]) await bench.subject.endByHand(name, 'rollback');
    });

    test.each(['commit', 'rollback'] as const)('ends one by a %s, once', async (decision) => {
      const { adapter, name, ask } = await bench.prepared();
      const found = (await adapter.prepared()).find((one) => one.name?.gtid === name.gtid);
      expect(found?.name).toEqual({ cluster: CLUSTER, gtid: name.gtid, branch: name.branch });
      const named = { gid: '', id: '', preparedAt: undefined, owner: '', database: '', ...found };
      expect(await adapter.finish({ ...named, name }, decision)).toEqual({ type: 'finished' });
      expect(await bench.subject.isVisible(name)).toBe(decision === 'commit');
      expect(await isListed(adapter, name)).toBe(false);
      expect(await adapter.finish({ ...named, name }, decision)).toEqual({ type: 'gone' });
      expect(await ask(decision)).toEqual(acknowledged);
    });
  });
}

function names(bench: Bench): void {
  describe('a name', () => {
    test.each([`x'; drop table work; --`, 'a:b', 'a"b', 'a\\b', 'a\nb', `x' or '1'='1`, ''])(
      'cannot get into a statement: %j',
      async (text) => {
        const { adapter, name, ask } = await bench.prepared();
        const odd = [
          { ...name, gtid: asGtid(text) },
          { ...name, branch: asBranchId(text) },
        ];
        for (const one of odd) {
          for (const operation of ['prepare', 'commit', 'rollback'] as const) {
            const asked = adapter.ask(questionAbout(one, operation));
            await expect(asked).rejects.toThrow(InvariantViolation);
          }
        }
        expect(await isListed(adapter, name)).toBe(true);
        expect(await ask('commit')).toEqual(acknowledged);
      },
    );
  });
}

function nobodyThere(bench: Bench): void {
  describe('a server that is not there', () => {
    test('leaves every question in doubt', async () => {
      const adapter = bench.unreachable();
      for (const operation of ['prepare', 'commit', 'rollback'] as const) {
        const answer = await adapter.ask(questionAbout(newName(), operation));
        expect(answer).toEqual(inDoubt);
        expect(JSON.stringify(answer)).not.toContain('secret');
      }
    });

    test('cannot be listed, ends nothing and fails its self-test, and its password stays secret', async () => {
      const adapter = bench.unreachable();
      const error: unknown = await adapter.prepared().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ResourceManagerUnreachable);
      const name = newName();
      const found = { gid: '', id: undefined, preparedAt: undefined };
      const named = { ...found, owner: undefined, database: undefined, name };
      expect(await adapter.finish(named, 'commit')).toMatchObject({ type: 'failed' });
      const selfTest = await adapter.selfTest();
      expect(selfTest).toMatchObject({ verdict: 'fails', checks: [{ verdict: 'fails' }] });
      const said = [adapter.address, String(error), JSON.stringify(selfTest)].join();
      expect(said).not.toContain('secret');
    });

    test('nor an adapter that is closed', async () => {
      const adapter = bench.subject.open();
      await adapter.close();
      expect(await adapter.ask(questionAbout(newName(), 'commit'))).toEqual(inDoubt);
    });
  });
}

function selfTests(bench: Bench): void {
  test('the self-test does not fail, and leaves nothing prepared', async () => {
    const adapter = bench.open();
    const { verdict, checks } = await adapter.selfTest();
    expect(checks.filter((check) => check.verdict === 'fails')).toEqual([]);
    expect(verdict).not.toBe('fails');
    expect(checks.every(({ finding }) => finding.length > 0)).toBe(true);
    const left = (await adapter.prepared()).filter(({ gid }) => gid.includes('self-test'));
    expect(left).toEqual([]);
  });
}
