// What an application of Nest is started with, and what becomes of it: the journal or a database is
// not there, is not set up, or is taken away; and what is left behind when it stops.
import { channel } from 'node:diagnostics_channel';
import { Concordat, Prepare, Saga, Step, TwoPhaseParticipant } from '@concordat/nestjs';
import { DataSource } from 'typeorm';
import { describe, expect, onTestFinished, test } from 'vitest';
import { postgresSource } from '../embedded/support.js';
import { databaseFromTemplate, emptyDatabase } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { ownServer } from '../support/own-server.js';
import { application, compiled, embeddedOptions } from './support.js';

const journal = await databaseFromTemplate();
const shop = await emptyDatabase();

@Saga({ name: 'guarded', database: 'shop' })
class Guarded {
  @Step({ compensate: 'nothing' })
  async go(): Promise<string> {
    return 'gone';
  }
}

@TwoPhaseParticipant({ name: 'ledger', database: 'shop' })
class Ledger {
  @Prepare()
  async prepare(): Promise<void> {}
}

describe('an application starts', () => {
  test('not without its journal, and says where it has looked for it', async () => {
    const server = await ownServer();
    const settings = { databaseWaitMs: 200 };
    const start = compiled(embeddedOptions({ databaseUrl: server.databaseUrl, settings }), {});
    await expect(start).rejects.toThrow(/cannot be reached|ECONNREFUSED/);
  });

  test('as soon as its journal is there, if that comes up later', async () => {
    const server = await ownServer();
    const start = compiled(embeddedOptions({ databaseUrl: server.databaseUrl }), {});
    await server.start();
    const app = await start;
    onTestFinished(() => app.close().then(() => server.stop()));
    await app.init();
    expect(await app.get(Concordat).health()).toMatchObject({ isReachable: true });
  });

  test('without one of its databases, tells of it, and uses it when it is back', async () => {
    const server = await ownServer({ max_prepared_transactions: '10' });
    await server.start();
    const late = await postgresSource(server.databaseUrl);
    await server.stop();
    const options = embeddedOptions({ databaseUrl: journal.databaseUrl, databases: { late } });
    const concordat = (await application(options, {})).get(Concordat);
    const unreachable = async () => (await concordat.health()).unreachable;
    await eventually('it is missed', async () => (await unreachable()).includes('late'));
    expect(await concordat.health()).toMatchObject({ isReachable: true });
    await server.start();
    await eventually('it is back', async () => (await unreachable()).length === 0);
    const write = (): Promise<unknown> => late.query('create table here ()');
    await concordat.transaction(write);
    await late.destroy();
    await server.stop();
  });

  test('not where a barrier is missing that its role may not create: it says what to run', async () => {
    const role = `nest_${shop.databaseUrl.slice(-8)}`;
    await shop.pool.query(`create role ${role} login password '${role}'`);
    await shop.pool.query('revoke create on schema public from public');
    onTestFinished(async () => {
      await shop.pool.query(`drop owned by ${role}; drop role ${role}`);
    });
    const url = new URL(shop.databaseUrl);
    Object.assign(url, { username: role, password: role });
    const databases = { shop: await postgresSource(url.href) };
    const options = embeddedOptions({ databaseUrl: journal.databaseUrl, databases });
    const fault: unknown = await compiled(options, { providers: [Guarded] }).catch(
      (error: unknown) => error,
    );
    const { name, statements } = fault as { name: string; statements: string };
    expect(name).toBe('BarrierMissing');
    expect(String(fault)).toContain(statements);
    await shop.pool.query(statements.replace('<the role of the service>', role));
    const app = await application(options, { providers: [Guarded] });
    const run = await app.get(Concordat).saga(Guarded).run(undefined);
    expect(run).toMatchObject({ outcome: 'committed', results: { go: 'gone' } });
  });

  test('not where a participant of 2PC can prepare nothing: it names the setting', async () => {
    const server = await ownServer({ max_prepared_transactions: '0' });
    await server.start();
    const databases = { shop: await postgresSource(server.databaseUrl) };
    onTestFinished(() => server.stop());
    const options = embeddedOptions({ databaseUrl: journal.databaseUrl, databases });
    const start = compiled(options, { providers: [Ledger] });
    await expect(start).rejects.toThrow(/max_prepared_transactions/);
    await databases.shop.destroy();
  });

  test('not with options that cannot be, and names each', async () => {
    const late = new DataSource({ type: 'postgres', url: shop.databaseUrl });
    const options = embeddedOptions({ databaseUrl: 'journal', databases: { late } });
    await expect(compiled(options, {})).rejects.toThrow(
      /databaseUrl: must be the journal's.*\n.*"late": await its DataSource's initialize/,
    );
  });
});

test('a class that is provided under another token is called by it', async () => {
  @Saga({ name: 'aliased' })
  class Aliased {
    @Step({ compensate: 'nothing' })
    async go(): Promise<string> {
      return 'gone';
    }
  }
  const options = embeddedOptions({ databaseUrl: journal.databaseUrl });
  const providers = [{ provide: 'ALIAS', useClass: Aliased }];
  const app = await application(options, { providers });
  const run = await app.get(Concordat).saga(Aliased).run(undefined);
  expect(run).toMatchObject({ outcome: 'committed', results: { go: 'gone' } });
});

describe('an application that stops', () => {
  test('leaves what is under way to the next one, which ends it', async () => {
    const gate = Promise.withResolvers<void>();
    let calls = 0;
    @Saga({ name: 'slow' })
    class Slow {
      @Step({ compensate: 'nothing' })
      async wait(): Promise<string> {
        calls += 1;
        if (calls === 1) await gate.promise;
        return `at call ${calls}`;
      }
    }
    const options = embeddedOptions({ databaseUrl: journal.databaseUrl });
    const first = await application(options, { providers: [Slow] });
    const { gtid } = await first.get(Concordat).saga(Slow).run(undefined, { waitMs: 0 });
    await eventually('it is under way', () => calls === 1);
    await first.close();
    const second = await application(options, { providers: [Slow] });
    await second.get(Concordat).waitUntilEnded(gtid);
    gate.resolve();
    expect(await second.get(Concordat).get(gtid)).toMatchObject({ outcome: 'committed' });
    expect(calls).toBe(2);
  });

  test('listens to the requests of its process no longer', async () => {
    const requests = channel('http.client.request.created');
    const options = { mode: 'client', url: 'http://127.0.0.1:1' } as const;
    const before = requests.hasSubscribers;
    const app = await compiled({ ...options, propagateTo: ['http://127.0.0.1:2'] }, {});
    await app.init();
    expect({ before, during: requests.hasSubscribers }).toEqual({ before: false, during: true });
    await app.close();
    expect(requests.hasSubscribers).toBe(false);
  });
});
