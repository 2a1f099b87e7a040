// What the work of a global transaction may do, and what it is told if it may not.
import { joinBound, Misused, RolledBack, runBound } from '@concordat/embedded';
import type { DataSource, EntitySubscriberInterface } from 'typeorm';
import { EntitySchema } from 'typeorm';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { databaseFromTemplate, emptyDatabase } from '../support/databases.js';
import { mariadbDatabase } from '../support/mariadb.js';
import { embedded, mariadbSource, postgresSource } from './support.js';

interface Entry {
  readonly who: string;
}

const entryEntity = new EntitySchema<Entry>({
  name: 'entry',
  columns: { who: { type: 'varchar', length: 60, primary: true } },
});

const journal = await databaseFromTemplate();
const right = await emptyDatabase();
const maria = await mariadbDatabase();
const entities = [entryEntity];
const sources = {
  left: await postgresSource((await emptyDatabase()).databaseUrl, { entities }),
  right: await postgresSource(right.databaseUrl, { entities }),
  maria: await mariadbSource(maria.url, { entities }),
};
for (const source of Object.values(sources)) {
  await source.query('create table entry (who varchar(60) primary key)');
}
const { left } = sources;
const { globalTransactions } = await embedded({
  databaseUrl: journal.databaseUrl,
  databases: sources,
});
const run = globalTransactions.run.bind(globalTransactions);

let count = 0;
beforeEach(() => void (count += 1));

function name(more = ''): string {
  return `test ${count}${more}`;
}

async function write(source: DataSource, more = ''): Promise<void> {
  await source.getRepository(entryEntity).insert({ who: name(more) });
}

/** Of this test, in each of them. */
async function entries(...all: readonly DataSource[]): Promise<readonly (readonly string[])[]> {
  return Promise.all(
    all.map(async (source) => {
      const found = await source.getRepository(entryEntity).find({ order: { who: 'asc' } });
      return found.map(({ who }) => who).filter((who) => who.startsWith(name()));
    }),
  );
}

async function fails(work: () => Promise<unknown>, why: RegExp): Promise<void> {
  const error: unknown = await run(work).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(RolledBack);
  expect((error as Error).message).toMatch(why);
}

function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  return { opened, open };
}

describe('statements', () => {
  test('may be made all at once: they are one line for each database', async () => {
    await run(async () => {
      const all = Object.values(sources);
      await Promise.all(
        all.flatMap((source) => ['a', 'b', 'c'].map((more) => write(source, more))),
      );
    });
    const three = [name('a'), name('b'), name('c')];
    expect(await entries(...Object.values(sources))).toEqual([three, three, three]);
  });

  test.each(['left', 'maria'] as const)(
    'come through repositories, managers and query builders (%s)',
    async (which) => {
      const source = sources[which];
      await run(async () => {
        await write(sources.right);
        await source.manager.insert(entryEntity, { who: name('a') });
        await source
          .createQueryBuilder()
          .insert()
          .into(entryEntity)
          .values({ who: name('b') })
          .execute();
        await source.getRepository(entryEntity).save({ who: name('c') });
        expect(await entries(source)).toEqual([[name('a'), name('b'), name('c')]]);
      });
      expect(await entries(source)).toEqual([[name('a'), name('b'), name('c')]]);
    },
  );

  test('of which one was not waited for leave nothing behind', async () => {
    let late: Promise<unknown> = Promise.resolve();
    await fails(async () => {
      await write(left);
      await write(sources.right);
      late = sources.right.query('select pg_sleep(0.2)').catch((error: unknown) => error);
    }, /right: a statement was not waited for/);
    await late;
    expect(await entries(left, sources.right)).toEqual([[], []]);
  });

  test('that go on while it is voted on prevent a commit, and are refused', async () => {
    const { opened, open } = gate();
    let late: Promise<unknown> = Promise.resolve();
    await sources.right.query(
      `create or replace function slow() returns trigger language plpgsql as
         'begin perform pg_sleep(0.5); return new; end'`,
    );
    await sources.right.query(
      `create constraint trigger slow after insert on entry deferrable initially deferred
         for each row execute function slow()`,
    );
    onTestFinished(() => sources.right.query('drop trigger slow on entry'));
    await fails(async () => {
      await write(left);
      await write(sources.right);
      late = opened.then(() => write(left, 'late'));
      late.catch(() => undefined);
      setTimeout(open, 100); // in the middle of the vote of `right`
    }, /was a promise not waited for/);
    await expect(late).rejects.toBeInstanceOf(Misused);
    expect(await entries(left, sources.right)).toEqual([[], []]);
  });

  test('after the end are refused, and not made outside of it', async () => {
    const { opened, open } = gate();
    let late: Promise<unknown> = Promise.resolve();
    await run(async () => {
      await write(left);
      late = opened.then(() => write(left, 'late'));
      late.catch(() => undefined);
    });
    open();
    await expect(late).rejects.toBeInstanceOf(Misused);
    expect(await entries(left)).toEqual([[name()]]);
  });

  test('that have failed undo the rest of MariaDB, too, also if nobody minds', async () => {
    await write(sources.maria, 'taken');
    await fails(async () => {
      await write(left);
      await write(sources.maria);
      await expect(write(sources.maria, 'taken')).rejects.toThrow('Duplicate');
    }, /a statement has failed/);
    expect(await entries(left, sources.maria)).toEqual([[], [name('taken')]]);
  });

  test('are not made while a stream is read, whose end is waited for', async () => {
    await write(sources.maria, 'old');
    await run(async () => {
      const runner = sources.maria.createQueryRunner();
      const opening = runner.stream('select who from entry');
      await expect(write(sources.maria)).rejects.toThrow('read it to its end');
      for await (const row of await opening) expect(row).toHaveProperty('who');
      await write(sources.maria, 'new');
    });
    await fails(async () => {
      await write(left);
      await sources.maria.createQueryRunner().stream('select who from entry, entry as other');
    }, /maria: a stream was not read/);
    expect(await entries(sources.maria, left)).toEqual([[name('new'), name('old')], []]);
  });

  test('of a subscriber are made inside the one that it listens to', async () => {
    const subscriber: EntitySubscriberInterface<Entry> = {
      afterQuery: async ({ query, queryRunner }) => {
        if (/^insert into "entry"/i.test(query)) await queryRunner.query(`select 'heard'`);
      },
      afterInsert: async ({ entity, manager }) => {
        if (entity.who === name()) await manager.save(entryEntity, { who: name('heard') });
      },
    };
    left.subscribers.push(subscriber);
    onTestFinished(() => void left.subscribers.pop());
    await run(async () => {
      await write(sources.right);
      await write(left);
    });
    expect(await entries(left)).toEqual([[name(), name('heard')]]);
  });
});

describe('an inner transaction', () => {
  test.each(['left', 'maria'] as const)('is a savepoint of its branch (%s)', async (which) => {
    const source = sources[which];
    await run(async () => {
      await write(sources.right);
      await write(source);
      await source.transaction((manager) => manager.insert(entryEntity, { who: name('in') }));
      const undone = source.transaction(async (manager) => {
        await manager.insert(entryEntity, { who: name('undone') });
        await manager.transaction((inner) => inner.insert(entryEntity, { who: name('deep') }));
        throw new Error('never mind');
      });
      await expect(undone).rejects.toThrow('never mind');
    });
    expect(await entries(source)).toEqual([[name(), name('in')]]);
  });

  test('makes a failed statement of Postgres good', async () => {
    await write(left, 'taken');
    await run(async () => {
      await write(sources.right);
      const again = left.transaction((manager) =>
        manager.insert(entryEntity, { who: name('taken') }),
      );
      await expect(again).rejects.toThrow('duplicate key');
      await write(left);
    });
    expect(await entries(left, sources.right)).toEqual([[name(), name('taken')], [name()]]);
  });

  test('of a query runner is one, too', async () => {
    await run(async () => {
      const runner = left.createQueryRunner();
      await runner.connect();
      await runner.startTransaction();
      await runner.manager.insert(entryEntity, { who: name('a') });
      await runner.rollbackTransaction();
      await runner.startTransaction();
      await runner.manager.insert(entryEntity, { who: name('b') });
      await runner.commitTransaction();
      await runner.release();
    });
    expect(await entries(left)).toEqual([[name('b')]]);
  });

  test('that undoes what others were told is done lets nothing be committed', async () => {
    await fails(async () => {
      await write(sources.right);
      const undone = left.transaction(async () => {
        await write(left); // not through its own manager: nobody knows that it is undone
        throw new Error('never mind');
      });
      await expect(undone).rejects.toThrow('never mind');
    }, /left: an inner transaction was rolled back/);
    expect(await entries(left, sources.right)).toEqual([[], []]);
  });

  test('that overlaps another lets nothing be committed', async () => {
    const [first, second] = [gate(), gate()];
    await fails(async () => {
      const one = left.transaction(async (manager) => {
        await manager.insert(entryEntity, { who: name('one') });
        first.open();
        await second.opened;
      });
      await first.opened;
      const other = left.transaction(async (manager) => {
        await manager.insert(entryEntity, { who: name('other') });
        second.open();
        await one.catch(() => undefined);
      });
      await Promise.allSettled([one, other]);
    }, /left: inner transactions of one database overlap/);
    expect(await entries(left)).toEqual([[]]);
  });

  test('that is not ended lets nothing be committed', async () => {
    await fails(async () => {
      const runner = left.createQueryRunner();
      await runner.startTransaction();
      await runner.manager.insert(entryEntity, { who: name() });
    }, /left: an inner transaction was not ended/);
    expect(await entries(left)).toEqual([[]]);
  });

  test('cannot have an isolation of its own', async () => {
    await expect(
      run(() => left.transaction('SERIALIZABLE', () => Promise.resolve())),
    ).rejects.toThrow(/isolation of a global transaction is its DataSource's/);
  });
});

describe('a global transaction within another', () => {
  test('is part of it', async () => {
    await run(async () => {
      await write(left);
      expect(await run(() => write(sources.right).then(() => 'inner'))).toBe('inner');
    });
    expect(await entries(left, sources.right)).toEqual([[name()], [name()]]);
  });

  test('that has failed lets nothing be committed, also if nobody minds', async () => {
    await fails(async () => {
      await write(left);
      const inner = run(async () => {
        await write(sources.right);
        throw new Error('half done');
      });
      await expect(inner).rejects.toThrow('half done');
    }, /one within it has failed: half done/);
    expect(await entries(left, sources.right)).toEqual([[], []]);
  });
});

describe('a local transaction that is bound', () => {
  test('is joined by the statements of its database, and no global one begins in it', async () => {
    const bound = left.transaction((manager) =>
      runBound(left, manager, async () => {
        await write(left);
        await expect(run(() => write(left, 'global'))).rejects.toBeInstanceOf(Misused);
        throw new Error('undone');
      }),
    );
    await expect(bound).rejects.toThrow('undone');
    expect(await entries(left)).toEqual([[]]);
  });

  test('inside a global one leaves the other databases to that', async () => {
    const work = run(() =>
      left.transaction((manager) =>
        runBound(left, manager, async () => {
          await write(left);
          await write(sources.right);
          throw new Error('undone');
        }),
      ),
    );
    await expect(work).rejects.toThrow('undone');
    expect(await entries(left, sources.right)).toEqual([[], []]);
  });

  test('can be joined without a coordinator', async () => {
    const alone = await postgresSource(right.databaseUrl, { entities });
    const leave = joinBound(alone);
    const bound = alone.transaction((manager) =>
      runBound(alone, manager, async () => {
        await write(alone);
        throw new Error('undone');
      }),
    );
    await expect(bound).rejects.toThrow('undone');
    expect(await entries(alone)).toEqual([[]]);
    leave();
  });
});

describe('options', () => {
  test.each([
    { deadlineMs: 0 },
    { deadlineMs: 1.5 },
    { deadlineMs: Number.NaN },
    { deadlineMs: 30_001 },
    { name: '' },
    { name: 'x'.repeat(129) },
  ])('such as %j are refused, and nothing is done', async (options) => {
    const work = globalTransactions.run(() => write(left), options);
    await expect(work).rejects.toBeInstanceOf(Misused);
    expect(await entries(left)).toEqual([[]]);
  });
});

test('a database of another coordinator is refused, and nothing is left prepared', async () => {
  const foreign = await postgresSource((await emptyDatabase()).databaseUrl);
  await foreign.query('create table entry (who varchar(60) primary key)');
  const other = await embedded({
    databaseUrl: (await databaseFromTemplate()).databaseUrl,
    databases: { foreign },
  });
  const both = run(async () => {
    await write(left);
    await other.globalTransactions.run(() =>
      foreign.query('insert into entry values ($1)', [name()]),
    );
  });
  await expect(both).rejects.toThrow(/"foreign" belongs to another coordinator/);
  expect(await entries(left)).toEqual([[]]);
  expect(await foreign.query('select who from entry')).toEqual([]);
});
