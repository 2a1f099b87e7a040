// Money from one Postgres database to another, in one global transaction: one decorator.
//
//   POST /transfers { "from": "ann", "to": "bob", "cents": 100 }     LEFT_URL ──▶ RIGHT_URL
//   GET  /accounts
//
// The coordinator is in this process, and its journal in DATABASE_URL. Kill the process whenever
// you like: once it is back, both databases end alike.
import { Concordat, ConcordatModule, GlobalTransaction } from '@concordat/nestjs';
import {
  BadRequestException,
  Body,
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  Post,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { DataSource } from 'typeorm';
import { Account, Accounts } from './account.js';

const LEFT = Symbol('left');
const RIGHT = Symbol('right');

@Injectable()
class Transfers {
  constructor(
    @Inject(LEFT) readonly left: Accounts,
    @Inject(RIGHT) readonly right: Accounts,
    @Inject(Concordat) private readonly concordat: Concordat,
  ) {}

  @GlobalTransaction({ protocol: '2pc' })
  async transfer(from: string, to: string, cents: number): Promise<{ readonly gtid?: string }> {
    await this.left.add(from, -cents);
    await this.right.add(to, cents);
    return { ...this.concordat.current() };
  }
}

interface Transfer {
  readonly from?: unknown;
  readonly to?: unknown;
  readonly cents?: unknown;
}

@Controller()
class TransfersController {
  constructor(@Inject(Transfers) private readonly transfers: Transfers) {}

  @Post('transfers')
  transfer(@Body() { from, to, cents }: Transfer) {
    if (typeof from !== 'string' || typeof to !== 'string' || typeof cents !== 'number') {
      throw new BadRequestException('a transfer has from, to and cents');
    }
    return this.transfers.transfer(from, to, cents);
  }

  @Get('accounts')
  async accounts() {
    const { left, right } = this.transfers;
    return { left: await left.all(), right: await right.all() };
  }
}

async function databaseAt(url: string): Promise<DataSource> {
  const options = { type: 'postgres', url, synchronize: true, installExtensions: false } as const;
  return new DataSource({ ...options, entities: [Account] }).initialize();
}

function variable(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

const left = await databaseAt(variable('LEFT_URL'));
const right = await databaseAt(variable('RIGHT_URL'));

@Module({
  imports: [
    ConcordatModule.forRoot({
      mode: 'embedded',
      databaseUrl: variable('DATABASE_URL'),
      databases: { left, right },
    }),
  ],
  controllers: [TransfersController],
  providers: [
    { provide: LEFT, useValue: new Accounts(left) },
    { provide: RIGHT, useValue: new Accounts(right) },
    Transfers,
  ],
})
class AppModule {}

const app = await NestFactory.create(AppModule, new FastifyAdapter(), {
  logger: ['warn', 'error'],
});
app.enableShutdownHooks();
await app.init(); // from here on whatever was left prepared is ended, and its locks let go of
await app.get<Accounts>(LEFT).open('ann', 1_000);
await app.get<Accounts>(RIGHT).open('bob', 0);
await app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1');
process.stderr.write(`ready ${await app.getUrl()}\n`);
