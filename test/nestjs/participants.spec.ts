// Sagas and participants as classes of a Nest application, with the barrier of a real database
// before their methods, and repositories that know nothing of it.
import type { BranchContext, ResultsOf } from '@concordat/nestjs';
import {
  Cancel,
  Commit,
  Concordat,
  Confirm,
  Misused,
  Prepare,
  refused,
  Rollback,
  Saga,
  Step,
  TccParticipant,
  Try,
  TwoPhaseParticipant,
} from '@concordat/nestjs';
import { Injectable, Scope } from '@nestjs/common';
import { beforeEach, describe, expect, expectTypeOf, test } from 'vitest';
import { mariadbSource, postgresSource } from '../embedded/support.js';
import { databaseFromTemplate, emptyDatabase } from '../support/databases.js';
import { mariadbDatabase } from '../support/mariadb.js';
import { application, embeddedOptions } from './support.js';

const journal = await databaseFromTemplate();
const shop = await postgresSource((await emptyDatabase()).databaseUrl);
const bank = await mariadbSource((await mariadbDatabase()).url);
for (const source of [shop, bank]) {
  await source.query('create table entry (what varchar(40) not null)');
}
const databases = { shop, bank };
const options = embeddedOptions({ databaseUrl: journal.databaseUrl, databases });

beforeEach(async () => {
  for (const source of [shop, bank]) await source.query('delete from entry');
});

type Source = typeof shop;

async function note(source: Source, what: string): Promise<void> {
  await source.query(`insert into entry values ('${what}')`);
}

async function notes(source: Source): Promise<readonly string[]> {
  const rows = await source.query<readonly { what: string }[]>('select what from entry');
  return rows.map(({ what }) => what).sort();
}

interface Order {
  readonly item: string;
  readonly cents: number;
}

/** What went wrong on purpose, and how often. */
const failures = { charge: 0, told: 0 };

@Saga({ name: 'checkout', database: 'shop' })
class Checkout {
  @Step({ compensate: 'release' })
  async reserve({ item }: Order, { manager }: BranchContext): Promise<{ readonly seat: number }> {
    await note(shop, `reserved ${item}`);
    await manager?.query(`insert into entry values ('seat of ${item}')`);
    return { seat: 7 };
  }

  async release({ item }: Order, { result }: BranchContext): Promise<void> {
    await note(shop, `released ${item} ${JSON.stringify(result)}`);
  }

  @Step({ pivot: true })
  async charge({ cents }: Order, { results }: BranchContext) {
    await note(shop, `charged ${cents} for ${JSON.stringify(results['reserve'])}`);
    if (cents > 1_000) return refused('too expensive');
    if (failures.charge > 0) {
      failures.charge -= 1;
      failures.told += 1;
      throw new Error('the till is stuck');
    }
    return { receipt: `receipt for ${cents}` };
  }

  @Step()
  async ship({ item }: Order): Promise<void> {
    await note(shop, `shipped ${item}`);
  }
}

describe('a saga behind the barrier of its database', () => {
  test('runs its steps one after the other, and tells what they have returned', async () => {
    const app = await application(options, { providers: [Checkout] });
    const run = await app.get(Concordat).saga(Checkout).run({ item: 'A', cents: 900 });
    expectTypeOf(run.results).toEqualTypeOf<ResultsOf<Checkout>>();
    expectTypeOf(run.results.reserve?.seat).toEqualTypeOf<number | undefined>();
    expect(run).toMatchObject({
      state: 'ended',
      outcome: 'committed',
      results: { reserve: { seat: 7 }, charge: { receipt: 'receipt for 900' } },
    });
    expect(await notes(shop)).toEqual([
      'charged 900 for {"seat":7}',
      'reserved A',
      'seat of A',
      'shipped A',
    ]);
  });

  test('undoes what was done if a step refuses, whose writes are gone', async () => {
    const app = await application(options, { providers: [Checkout] });
    const run = await app.get(Concordat).saga(Checkout).run({ item: 'B', cents: 5_000 });
    expect(run).toMatchObject({ state: 'ended', outcome: 'rolled-back' });
    expect(await notes(shop)).toEqual(['released B {"seat":7}', 'reserved B', 'seat of B']);
  });

  test('leaves nothing behind of an attempt that throws, though a repository wrote', async () => {
    Object.assign(failures, { charge: 2, told: 0 });
    const app = await application(options, { providers: [Checkout] });
    const run = await app.get(Concordat).saga(Checkout).run({ item: 'C', cents: 1 });
    expect(run).toMatchObject({ outcome: 'committed' });
    expect(failures.told).toBe(2);
    expect((await notes(shop)).filter((one) => one.startsWith('charged'))).toHaveLength(1);
  });

  test('is one transaction for one key, and is found again', async () => {
    const app = await application(options, { providers: [Checkout] });
    const saga = app.get(Concordat).saga(Checkout);
    const once = await saga.run({ item: 'D', cents: 1 }, { idempotencyKey: 'order D' });
    const again = await saga.run({ item: 'D', cents: 1 }, { idempotencyKey: 'order D' });
    expect(again).toEqual(once);
    expect(await saga.get(once.gtid)).toEqual(once);
    expect((await notes(shop)).filter((one) => one === 'shipped D')).toHaveLength(1);
  });

  test('is told as running if it has not ended when nobody waits any more', async () => {
    const gate = Promise.withResolvers<void>();
    @Saga({ name: 'slow' })
    class Slow {
      @Step({ compensate: 'nothing' })
      async wait(): Promise<string> {
        await gate.promise;
        return 'done';
      }
    }
    const app = await application(options, { providers: [Slow] });
    const concordat = app.get(Concordat);
    const run = await concordat.saga(Slow).run(undefined, { waitMs: 0 });
    expect(run).toMatchObject({ state: 'running', results: {} });
    gate.resolve();
    await concordat.waitUntilEnded(run.gtid);
    expect(await concordat.saga(Slow).get(run.gtid)).toMatchObject({ results: { wait: 'done' } });
  });

  test('is in no global transaction of whoever runs it', async () => {
    const app = await application(options, { providers: [Checkout] });
    const concordat = app.get(Concordat);
    const work = concordat.transaction(async () => {
      await concordat.saga(Checkout).run({ item: 'E', cents: 1 });
      throw new Error('and yet');
    });
    await expect(work).rejects.toThrow('and yet');
    expect(await notes(shop)).toContain('shipped E');
  });

  test('is refused where the input is none', async () => {
    @Saga({
      name: 'parsed',
      database: 'shop',
      parse: (json) => (typeof json === 'string' ? json.length : refused('no string')),
    })
    class Parsed {
      @Step({ compensate: 'nothing' })
      async count(input: number): Promise<number> {
        return input;
      }
    }
    const app = await application(options, { providers: [Parsed] });
    const saga = app.get(Concordat).saga(Parsed);
    expect(await saga.run(7)).toMatchObject({ outcome: 'rolled-back' });
    expect(await saga.run('four' as never)).toMatchObject({ results: { count: 4 } });
  });

  test('is not run if no module provides it', async () => {
    const app = await application(options, {});
    expect(() => app.get(Concordat).saga(Checkout)).toThrow(Misused);
  });

  test('has an instance of its own for each call, where it is request-scoped', async () => {
    const seen = new Set<object>();
    @Saga({ name: 'scoped' })
    @Injectable({ scope: Scope.REQUEST })
    class Scoped {
      @Step({ compensate: 'nothing' })
      async one(): Promise<void> {
        seen.add(this);
      }
      @Step({ compensate: 'nothing' })
      async two(): Promise<void> {
        seen.add(this);
      }
    }
    const app = await application(options, { providers: [Scoped] });
    expect(await app.get(Concordat).saga(Scoped).run(undefined)).toMatchObject({
      outcome: 'committed',
    });
    expect(seen.size).toBe(2);
  });

  test('does not compile with a compensation that is not there', () => {
    class Wrong {
      // @ts-expect-error it has no method of this name
      @Step({ compensate: 'undo' })
      async reserve(): Promise<void> {}
    }
    expect(new Wrong()).toBeInstanceOf(Wrong);
  });
});

interface Transfer {
  readonly who: string;
  readonly isRefused?: boolean;
}

class Account {
  constructor(private readonly source: Source) {}

  @Try()
  async hold({ who, isRefused }: Transfer) {
    await note(this.source, `held ${who}`);
    return isRefused === true ? refused('no money') : { hold: who.length };
  }
  @Confirm()
  async settle({ who }: Transfer): Promise<void> {
    await note(this.source, `settled ${who}`);
  }
  @Cancel()
  async free({ who }: Transfer): Promise<void> {
    await note(this.source, `freed ${who}`);
  }
}

@TccParticipant({ name: 'seats', database: 'shop' })
class Seats extends Account {
  constructor() {
    super(shop);
  }
}

@TccParticipant({ name: 'money', database: 'bank' })
class Money extends Account {
  constructor() {
    super(bank);
  }
}

describe('TCC participants on Postgres and MariaDB', () => {
  const providers = [Seats, Money];

  test('are confirmed together', async () => {
    const app = await application(options, { providers });
    const tcc = app
      .get(Concordat)
      .tcc({ seat: [Seats, { who: 'ann' }], pay: [Money, { who: 'al' }] });
    const run = await tcc.run({ name: 'booking' });
    expectTypeOf(run.results.pay?.hold).toEqualTypeOf<number | undefined>();
    expect(run).toMatchObject({
      outcome: 'committed',
      results: { seat: { hold: 3 }, pay: { hold: 2 } },
    });
    expect(await notes(shop)).toEqual(['held ann', 'settled ann']);
    expect(await notes(bank)).toEqual(['held al', 'settled al']);
  });

  test('are cancelled together if one refuses, whose writes are gone', async () => {
    const app = await application(options, { providers });
    const tcc = app
      .get(Concordat)
      .tcc({ seat: [Seats, { who: 'ann' }], pay: [Money, { who: 'al', isRefused: true }] });
    expect(await tcc.run()).toMatchObject({ outcome: 'rolled-back' });
    expect(await notes(bank)).toEqual([]);
    expect(await notes(shop)).not.toContain('settled ann');
  });
});

class Ledger {
  constructor(private readonly source: Source) {}

  @Prepare()
  async write({ who, isRefused }: Transfer) {
    await note(this.source, `wrote ${who}`);
    return isRefused === true ? refused('no') : undefined;
  }
}

@TwoPhaseParticipant({ name: 'shop-ledger', database: 'shop' })
class ShopLedger extends Ledger {
  constructor() {
    super(shop);
  }
}

@TwoPhaseParticipant({ name: 'bank-ledger', database: 'bank' })
class BankLedger extends Ledger {
  constructor() {
    super(bank);
  }
}

@TwoPhaseParticipant({ name: 'bare' })
class Bare {
  readonly heard: string[] = [];
  @Prepare()
  async prepare({ isRefused }: Transfer) {
    this.heard.push('prepare');
    return isRefused === true ? refused('no') : undefined;
  }
  @Commit()
  async commit(): Promise<void> {
    this.heard.push('commit');
  }
  @Rollback()
  async rollback(): Promise<void> {
    this.heard.push('rollback');
  }
}

describe('2PC participants on Postgres and MariaDB, and one without a database', () => {
  const providers = [ShopLedger, BankLedger, Bare];
  const branches = (isRefused: boolean) => {
    const input = { who: 'ann' };
    return {
      shop: [ShopLedger, input],
      bank: [BankLedger, input],
      bare: [Bare, { ...input, isRefused }],
    } as const;
  };

  test('are committed together', async () => {
    const app = await application(options, { providers });
    const run = await app.get(Concordat).twoPhase(branches(false)).run();
    expect(run).toMatchObject({ outcome: 'committed' });
    expect(await notes(shop)).toEqual(['wrote ann']);
    expect(await notes(bank)).toEqual(['wrote ann']);
    expect(app.get(Bare).heard).toEqual(['prepare', 'commit']);
  });

  test('are rolled back together if one refuses', async () => {
    const app = await application(options, { providers });
    const run = await app.get(Concordat).twoPhase(branches(true)).run();
    expect(run).toMatchObject({ outcome: 'rolled-back' });
    expect(await notes(shop)).toEqual([]);
    expect(await notes(bank)).toEqual([]);
    expect(app.get(Bare).heard).not.toContain('commit');
  });
});
