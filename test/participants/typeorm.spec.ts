// A service that keeps its things with TypeORM: what a handler writes through its EntityManager is
// in the local transaction of the barrier, and in no other.
import { randomUUID } from 'node:crypto';
import { BarrierMissing, ensureBarrier as ensureBarrierOf } from '@concordat/participant-sdk';
import {
  ensureBarrier,
  requirePreparing,
  typeormBarrier,
  typeormStandings,
  typeormTwoPhase,
} from '@concordat/participant-sdk/typeorm';
import { asBranchId, asGtid } from '@concordat/wire';
import type { Pool } from 'pg';
import type { EntityManager } from 'typeorm';
import { DataSource } from 'typeorm';
import { describe, expect, onTestFinished, test } from 'vitest';
import { acknowledged, branchAt, reply, stale } from '../barrier/calling.js';
import { poolOf, serviceDatabase } from '../barrier/databases.js';
import {
  CONNECTIONS_MAX,
  onMariadb,
  onPostgres,
  Payments,
  postgresSource,
} from './typeorm-services.js';

const postgres = await onPostgres();
const onEach = [postgres, await onMariadb()];
const inDoubt = { type: 'in-doubt', reason: 'HTTP 500 {"reason":"the participant has failed"}' };
const done = reply('done');

describe.each(onEach)('a saga step on $name', (service) => {
  const { branch, amountsOf } = service;

  test('writes once, however often it comes, and is undone once', async () => {
    const step = branch('saga');
    expect(await step.call('execute', 1)).toMatchObject(done);
    expect(await step.call('execute', 1)).toMatchObject(done);
    expect(await amountsOf(step.gtid)).toEqual([10]);
    expect(await step.call('compensate', 2)).toMatchObject(acknowledged);
    expect(await step.call('compensate', 2)).toMatchObject(acknowledged);
    expect(await step.call('execute', 1)).toEqual(stale);
    expect(await amountsOf(step.gtid)).toEqual([-1]);
  });

  test('that is refused leaves nothing, and says so again', async () => {
    const step = branch('saga', () => Promise.resolve('refuse'));
    expect(await step.call('execute', 1)).toMatchObject(reply('refused', { note: 'not today' }));
    expect(await step.call('execute', 1)).toMatchObject(reply('refused', { note: 'not today' }));
    expect(await amountsOf(step.gtid)).toEqual([]);
  });

  test('that saves and then throws has saved nothing: `save` commits nothing by itself', async () => {
    let saved: readonly unknown[] = [];
    const step = branch('saga', async (manager, { gtid }) => {
      const more = ['-a', '-b'].map((end) => ({ id: `${gtid}${end}`, amount: 1 }));
      saved = await manager.getRepository(Payments).save(more);
      throw new Error('after all');
    });
    expect(await step.call('execute', 1)).toEqual(inDoubt);
    expect(saved).toHaveLength(2);
    expect(await amountsOf(step.gtid)).toEqual([]);
  });

  test('may do something in a transaction of TypeORM, which is a savepoint', async () => {
    const step = branch('saga', async (manager, { gtid }) => {
      const add = (end: string, amount: number) => (inner: EntityManager) =>
        inner.getRepository(Payments).insert({ id: `${gtid}${end}`, amount });
      await manager.transaction(add('-kept', 20));
      const changingItsMind = manager.transaction(async (inner) => {
        await add('-lost', 30)(inner);
        throw new Error('no, rather not');
      });
      await expect(changingItsMind).rejects.toThrow('rather not');
    });
    expect(await step.call('execute', 1)).toMatchObject(done);
    expect(await amountsOf(step.gtid)).toEqual([10, 20]);
  });

  test.each(['commit', 'rollback'])('that says %s by itself is out of order', async (word) => {
    const step = branch('saga', (manager) => manager.query(word));
    expect(await step.call('execute', 1)).toEqual(inDoubt);
    expect(service.reported.at(-1)).toContain('a handler has ended its transaction');
  });

  test('whose statement fails has done nothing, even if it goes on', async () => {
    const step = branch('saga', (manager, { gtid }) =>
      manager
        .getRepository(Payments)
        .insert({ id: gtid, amount: 30 })
        .catch(() => undefined),
    );
    expect(await step.call('execute', 1)).toEqual(inDoubt);
    expect(await amountsOf(step.gtid)).toEqual([]);
  });

  test('cannot use its manager afterwards', async () => {
    const kept: EntityManager[] = [];
    const step = branch('saga', (manager) => Promise.resolve(kept.push(manager)));
    expect(await step.call('execute', 1)).toMatchObject(done);
    await expect(kept[0]?.query('select 1')).rejects.toThrow('released');
  });

  test('whose connection dies is in doubt, and the next one has another', async () => {
    const step = branch('saga', (manager) => manager.query(service.suicide));
    expect(await step.call('execute', 1)).toEqual(inDoubt);
    expect(await amountsOf(step.gtid)).toEqual([]);
    expect(await branch('saga').call('execute', 1)).toMatchObject(done);
  });

  test('waits its turn for a connection: none is kept', async () => {
    const steps = Array.from({ length: 5 * CONNECTIONS_MAX }, () => branch('saga'));
    const said = await Promise.all(steps.map((step) => step.call('execute', 1)));
    expect(said).toEqual(steps.map(() => expect.objectContaining(done)));
  });
});

describe.each(onEach)('2PC on $name', (service) => {
  const { branch, amountsOf, prepared, dataSource } = service;

  test('prepares what the manager has written, and commits it', async () => {
    await requirePreparing(dataSource);
    const one = branch('2pc');
    expect(await one.call('prepare', 1)).toMatchObject(reply('prepared'));
    expect([await prepared(one.gtid), await amountsOf(one.gtid)]).toEqual([1, []]);
    expect(await one.call('prepare', 1)).toMatchObject(reply('prepared'));
    expect(await one.call('commit', 2)).toMatchObject(acknowledged);
    expect([await prepared(one.gtid), await amountsOf(one.gtid)]).toEqual([0, [10]]);
  });

  test('rolls back what is prepared', async () => {
    const one = branch('2pc');
    expect(await one.call('prepare', 1)).toMatchObject(reply('prepared'));
    expect(await prepared(one.gtid)).toBe(1);
    expect(await one.call('rollback', 2)).toMatchObject(acknowledged);
    expect(await one.call('prepare', 1)).toEqual(stale);
    expect([await prepared(one.gtid), await amountsOf(one.gtid)]).toEqual([0, []]);
  });

  test('has nothing to prepare where the manager has only read', async () => {
    const one = branchAt(service.url, '2pc', { payload: 'only-read' });
    expect(await one.call('prepare', 1)).toMatchObject({ type: 'reply' });
    expect(await one.call('rollback', 2)).toMatchObject(acknowledged);
    expect(await prepared(one.gtid)).toBe(0);
  });

  test('refuses to wait for a lock, of which TypeORM tells in its own words', async () => {
    const id = `locked-${randomUUID()}`;
    await dataSource.getRepository(Payments).insert({ id, amount: 1 });
    const other = dataSource.createQueryRunner();
    onTestFinished(() => other.release());
    await other.startTransaction();
    await other.manager.getRepository(Payments).update({ id }, { amount: 2 });
    const one = branch('2pc', (manager) => manager.getRepository(Payments).delete({ id }));
    const refusal = reply('refused', { note: 'waited too long for a lock' });
    expect(await one.call('prepare', 1)).toMatchObject(refusal);
    await other.rollbackTransaction();
    expect(await amountsOf(one.gtid)).toEqual([]);
  });
});

test('3PC writes with its vote, and once more with the decision', async () => {
  const { url, amountsOf } = postgres;
  const members = ['branch', 'a', 'b'].map((id) => ({ branch: asBranchId(id), url }));
  const roster = { members, quorum: 2, deadlineAt: new Date().toISOString() };
  const one = branchAt(url, '3pc', { payload: null, roster });
  expect(await one.call('can-commit', 1)).toMatchObject(reply('prepared'));
  expect(await amountsOf(one.gtid)).toEqual([10]);
  expect(await one.call('pre-commit', 2, { ballot: 0 })).toMatchObject(acknowledged);
  expect(await one.call('do-commit', 3)).toMatchObject(acknowledged);
  expect(await amountsOf(one.gtid)).toEqual([-1]);
});

const anyCall = {
  gtid: asGtid('any'),
  branch: asBranchId('branch'),
  operation: 'execute',
  token: 1,
} as const;

/** One that may use the schema, and create nothing in it. It goes with the test. */
async function roleIn(owner: Pool, at: string): Promise<{ name: string; url: string; pool: Pool }> {
  const name = `limited_${randomUUID().slice(0, 8)}`;
  await owner.query(`create role ${name} login password '${name}';
    revoke create on schema public from public`);
  const limited = new URL(at);
  limited.username = name;
  limited.password = name;
  const rolePool = poolOf(limited.href);
  onTestFinished(async () => {
    await rolePool.end();
    await owner.query(`drop owned by ${name}; drop role ${name}`);
  });
  return { name, url: limited.href, pool: rolePool };
}

describe('the tables of the barrier on Postgres', () => {
  test('a role that may create nothing is told what to run, and then needs no more', async () => {
    const { pool: owner, databaseUrl } = await serviceDatabase();
    const role = await roleIn(owner, databaseUrl);
    const failure: unknown = await ensureBarrierOf(role.pool).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(BarrierMissing);
    const { statements, message } = failure as BarrierMissing;
    expect(message).toContain(statements);
    await owner.query(statements.replace('<the role of the service>', role.name));
    await ensureBarrierOf(role.pool);
    const limited = await initialized(role.url);
    await ensureBarrier(limited);
    const handled = { type: 'reply', reply: { type: 'done' } } as const;
    const passing = typeormBarrier(limited).pass(anyCall, 'forward', () =>
      Promise.resolve(handled),
    );
    expect(await passing).toEqual(handled);
  });

  test('that nobody has made are missed in plain words', async () => {
    const empty = await initialized((await serviceDatabase()).databaseUrl);
    const passing = typeormBarrier(empty).pass(anyCall, 'forward', () =>
      Promise.reject(new Error()),
    );
    await expect(passing).rejects.toThrow('call ensureBarrier when the service starts');
  });
});

async function initialized(url: string): Promise<DataSource> {
  const dataSource = await postgresSource(url).initialize();
  onTestFinished(() => dataSource.destroy());
  return dataSource;
}

describe('a DataSource', () => {
  test('that is not there yet is waited for by nobody', async () => {
    const early = postgresSource('postgres://127.0.0.1:1/none');
    const handle = (): Promise<never> => Promise.reject(new Error());
    const notYet = 'the DataSource is not initialized';
    await expect(ensureBarrier(early)).rejects.toThrow(notYet);
    await expect(typeormBarrier(early).pass(anyCall, 'forward', handle)).rejects.toThrow(notYet);
    await expect(typeormTwoPhase(early).prepare(anyCall, handle)).rejects.toThrow(notYet);
  });

  test('of a database without such stores is refused at once', () => {
    const mariadb = new DataSource({ type: 'mariadb' });
    expect(() => typeormStandings(mariadb, { name: 'payment' })).toThrow('3PC needs a DataSource');
    const other = { options: { type: 'sqljs' } } as unknown as DataSource;
    expect(() => typeormBarrier(other)).toThrow('and this one is of sqljs');
    expect(() => typeormTwoPhase(other)).toThrow('and this one is of sqljs');
  });
});
