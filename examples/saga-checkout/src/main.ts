// A saga in one class: a seat is reserved, a card is charged, a ticket is sent. If the card is
// refused, the seat is free again. Each step is done once, whatever is killed whenever.
//
//   node dist/main.js A7 900          committed
//   node dist/main.js A8 5000         rolled-back: more than anybody may be charged
import type { BranchContext } from '@concordat/nestjs';
import { Concordat, ConcordatModule, refused, Saga, Step } from '@concordat/nestjs';
import { Inject, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Column, DataSource, Entity, PrimaryColumn } from 'typeorm';

@Entity()
class Seat {
  @PrimaryColumn('text')
  readonly id: string;

  @Column('text', { nullable: true })
  readonly takenBy: string | null;
}

/** An ordinary repository: that it is used in a saga's step is none of its business. */
class Seats {
  constructor(private readonly database: DataSource) {}

  /** @returns whether it was free */
  async take(id: string, by: string): Promise<boolean> {
    const seats = this.database.getRepository(Seat);
    await seats.createQueryBuilder().insert().values({ id }).orIgnore().execute();
    const { affected } = await seats
      .createQueryBuilder()
      .update({ takenBy: by })
      .where('id = :id and "takenBy" is null', { id })
      .execute();
    return affected === 1;
  }

  async free(id: string): Promise<void> {
    await this.database.getRepository(Seat).update({ id }, { takenBy: null });
  }

  async takenBy(id: string): Promise<string> {
    const seat = await this.database.getRepository(Seat).findOneBy({ id });
    return seat?.takenBy ?? 'nobody';
  }
}

interface Order {
  readonly seat: string;
  readonly cents: number;
}

const CENTS_MAX = 1_000;

@Saga({ name: 'checkout', database: 'shop' })
class Checkout {
  constructor(@Inject(Seats) private readonly seats: Seats) {}

  @Step({ compensate: 'release' })
  async reserve({ seat }: Order, { gtid }: BranchContext) {
    return (await this.seats.take(seat, gtid)) ? { seat } : refused(`${seat} is taken`);
  }

  async release({ seat }: Order): Promise<void> {
    await this.seats.free(seat);
  }

  @Step({ pivot: true })
  async charge({ cents }: Order) {
    return cents > CENTS_MAX
      ? refused(`${cents} cents are too many`)
      : { receipt: `paid ${cents}` };
  }

  @Step()
  async send(_: Order, { results }: BranchContext): Promise<string> {
    return `a ticket, ${JSON.stringify(results['charge'])}`;
  }
}

function variable(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

const databaseUrl = variable('DATABASE_URL'); // of the shop, and of the journal
const shop = await new DataSource({
  type: 'postgres',
  url: databaseUrl,
  entities: [Seat],
  synchronize: true,
  installExtensions: false,
}).initialize();

@Module({
  imports: [ConcordatModule.forRoot({ mode: 'embedded', databaseUrl, databases: { shop } })],
  providers: [Checkout, { provide: Seats, useValue: new Seats(shop) }],
})
class AppModule {}

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['warn', 'error'] });
const [seat = 'A7', cents = '900'] = process.argv.slice(2);
const order = { seat, cents: Number(cents) };
const run = await app.get(Concordat).saga(Checkout).run(order, { waitMs: 30_000 });
const { charge, send } = run.results;
process.stdout.write(
  `${run.state === 'ended' ? run.outcome : run.state}: ${charge?.receipt ?? 'not paid'}; ` +
    `${send ?? 'nothing sent'}; ${await seatFor(run.gtid)}\n`,
);
await app.close();
await shop.destroy();

async function seatFor(gtid: string): Promise<string> {
  const by = await app.get(Seats).takenBy(seat);
  if (by === 'nobody') return 'the seat is free';
  return by === gtid ? 'the seat is taken' : 'the seat is taken by an earlier one';
}
