// The coordinator inside a Nest application: what its decorators do to two real databases.
import {
  Concordat,
  ConcordatMisconfigured,
  ConcordatModule,
  GlobalTransaction,
  Misused,
  Saga,
  Step,
} from '@concordat/nestjs';
import { Inject, Injectable, Module, Scope } from '@nestjs/common';
import { ContextIdFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import type { DataSource } from 'typeorm';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { postgresSource } from '../embedded/support.js';
import { databaseFromTemplate, emptyDatabase } from '../support/databases.js';
import { application, compiled, embeddedOptions } from './support.js';

const journal = await databaseFromTemplate();
const other = await databaseFromTemplate();
const databases = {
  left: await postgresSource((await emptyDatabase()).databaseUrl),
  right: await postgresSource((await emptyDatabase()).databaseUrl),
};
for (const source of Object.values(databases)) {
  await source.query('create table entry (who text not null check (who <> $$nobody$$))');
}
const options = embeddedOptions({ databaseUrl: journal.databaseUrl, databases });

beforeEach(async () => {
  for (const source of Object.values(databases)) await source.query('truncate entry');
});

async function entries(source: DataSource): Promise<readonly string[]> {
  const rows = await source.query<readonly { who: string }[]>('select who from entry order by who');
  return rows.map(({ who }) => who);
}

/** It knows of nothing. */
@Injectable()
class Entries {
  async add(name: keyof typeof databases, who: string): Promise<void> {
    await databases[name].query('insert into entry values ($1)', [who]);
  }
}

@Injectable()
class Writer {
  constructor(@Inject(Entries) private readonly entries: Entries) {}

  @GlobalTransaction({ protocol: '2pc' })
  async write(who: string): Promise<string> {
    await this.entries.add('left', who);
    await this.entries.add('right', who);
    return who;
  }

  @GlobalTransaction({ protocol: '2pc', name: 'both', deadlineMs: 10_000 })
  async writeTwice(one: string, two: string): Promise<void> {
    await this.write(one);
    await this.write(two);
  }
}

const providers = [Entries, Writer];

describe('a method with @GlobalTransaction', () => {
  test('commits what it writes to two databases', async () => {
    const app = await application(options, { providers });
    await expect(app.get(Writer).write('ann')).resolves.toBe('ann');
    expect(await entries(databases.left)).toEqual(['ann']);
    expect(await entries(databases.right)).toEqual(['ann']);
    for await (const { name, outcome } of app.get(Concordat).list()) {
      expect({ name, outcome }).toEqual({ name: 'Writer.write', outcome: 'committed' });
      break;
    }
  });

  test('rolls both back if it throws', async () => {
    const app = await application(options, { providers });
    const broken = app.get(Writer).writeTwice('ann', 'nobody');
    await expect(broken).rejects.toThrow(/check constraint/);
    expect(await entries(databases.left)).toEqual([]);
    expect(await entries(databases.right)).toEqual([]);
  });

  test('is one transaction with those that it calls', async () => {
    const app = await application(options, { providers });
    const before = await committed(app.get(Concordat));
    await app.get(Writer).writeTwice('ann', 'bob');
    expect(await entries(databases.right)).toEqual(['ann', 'bob']);
    expect((await committed(app.get(Concordat))) - before).toBe(1);
  });

  test('belongs to its own application, of several in one process', async () => {
    const first = await application(options, { providers });
    const own = { elsewhere: await postgresSource(other.databaseUrl) };
    const second = await application(
      embeddedOptions({ databaseUrl: other.databaseUrl, databases: own }),
      { providers },
    );
    const before = await committed(first.get(Concordat));
    expect(second.get(Concordat)).not.toBe(first.get(Concordat));
    await first.get(Writer).write('ann');
    expect(await committed(first.get(Concordat))).toBe(before + 1);
    expect(await committed(second.get(Concordat))).toBe(0);
  });

  test('may be one of a request-scoped provider', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Scoped {
      constructor(@Inject(Entries) private readonly entries: Entries) {}

      @GlobalTransaction({ protocol: '2pc' })
      async write(who: string): Promise<void> {
        await this.entries.add('left', who);
        await this.entries.add('right', who);
      }
    }
    const app = await application(options, { providers: [Entries, Scoped] });
    const scoped = await app.resolve(Scoped, ContextIdFactory.create());
    await scoped.write('ann');
    expect(await entries(databases.right)).toEqual(['ann']);
  });

  test('says so where Nest has not made its instance', async () => {
    await expect(new Writer(new Entries()).write('ann')).rejects.toThrow(Misused);
  });

  test('keeps what other decorators have noted of it', () => {
    const noted = (_: object, __: string, { value }: PropertyDescriptor): void =>
      Reflect.defineMetadata('noted', 'yes', value as object);
    class Above {
      @GlobalTransaction({ protocol: '2pc' })
      @noted
      async write(): Promise<void> {}
    }
    const { value } = Object.getOwnPropertyDescriptor(Above.prototype, 'write') ?? {};
    expect(Reflect.getMetadata('noted', value as object)).toBe('yes');
    expect((value as { readonly name: string }).name).toBe('write');
  });

  test('speaks no protocol but 2PC', () => {
    // @ts-expect-error databases speak 2PC
    expect(() => GlobalTransaction({ protocol: '3pc' })).not.toThrow();
  });
});

describe('concordat.transaction', () => {
  test('is the same without a decorator, and tells of itself', async () => {
    const app = await application(options, { providers });
    const concordat = app.get(Concordat);
    const told = await concordat.transaction(async () => {
      await app.get(Writer).write('ann');
      return concordat.current();
    });
    expect(told?.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(await concordat.decision(told?.gtid ?? '')).toBe('commit');
    expect(concordat.current()).toBeUndefined();
  });
});

describe('the start', () => {
  @Saga({ name: 'faulty', database: 'stock' })
  class Faulty {
    @Step()
    async reserve(): Promise<void> {}
  }

  test('stops with all faults at once', async () => {
    const fault = await compiled(options, { providers: [Faulty] }).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(ConcordatMisconfigured);
    expect(String(fault)).toMatch(/Faulty: add the database "stock"/);
    expect(String(fault)).toMatch(/Faulty\.reserve: may have to be undone/);
  });

  test('stops if a factory has made what has decorators of ours', async () => {
    @Saga({ name: 'made' })
    class Made {
      @Step({ compensate: 'nothing' })
      async go(): Promise<void> {}
    }
    const made = { provide: Made, useFactory: () => new Made() };
    const app = await compiled(options, { providers: [made] });
    onTestFinished(() => app.close());
    await expect(app.init()).rejects.toThrow(/Made: provide the class itself/);
  });

  test('waits for options that come later, and has features from other modules', async () => {
    @Saga({ name: 'greeting' })
    class Greeting {
      @Step({ compensate: 'nothing' })
      async greet(): Promise<string> {
        return 'hello';
      }
    }
    @Module({ imports: [ConcordatModule.forFeature([Greeting])] })
    class Feature {}
    const app = await Test.createTestingModule({
      imports: [ConcordatModule.forRootAsync({ useFactory: async () => options }), Feature],
    }).compile();
    onTestFinished(() => app.close());
    await app.init();
    const run = await app.get(Concordat).saga(Greeting).run(undefined);
    expect(run).toMatchObject({ outcome: 'committed', results: { greet: 'hello' } });
  });
});

async function committed(concordat: Concordat): Promise<number> {
  let count = 0;
  for await (const _ of concordat.list({ outcome: 'committed' })) count += 1;
  return count;
}
