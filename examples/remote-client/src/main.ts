// A Nest application as the client of a coordinator elsewhere, and a service that it calls: the
// service enlists by itself, because its caller's requests tell of the global transaction.
//
//   node dist/main.js tea milk        taken
//   node dist/main.js tea unicorn     rolled back: nothing is taken
import { ConcordatModule, GlobalTransaction, RolledBack } from '@concordat/nestjs';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { openStock } from './stock.js';

function variable(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

const coordinatorUrl = variable('CONCORDAT_URL');
const apiKey = variable('CONCORDAT_API_KEY');
const databaseUrl = variable('DATABASE_URL');
const stock = await openStock({ databaseUrl, coordinatorUrl, apiKey });

@Injectable()
class Shopping {
  @GlobalTransaction({ protocol: '2pc', name: 'shopping' })
  async buy(items: readonly string[]): Promise<void> {
    for (const item of items) {
      const answer = await fetch(`${stock.url}/take`, {
        method: 'POST',
        body: JSON.stringify({ item }),
      });
      if (!answer.ok) throw new Error(`${item}: ${await answer.text()}`);
    }
  }
}

@Module({
  imports: [
    ConcordatModule.forRoot({
      mode: 'client',
      url: coordinatorUrl,
      apiKey,
      propagateTo: [stock.url], // nobody else is told of a global transaction
    }),
  ],
  providers: [Shopping],
})
class AppModule {}

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['warn', 'error'] });
const outcome = await app
  .get(Shopping)
  .buy(process.argv.slice(2))
  .then(
    () => 'taken',
    (error: unknown) => {
      if (error instanceof RolledBack) return 'rolled back';
      throw error;
    },
  );
process.stdout.write(`${outcome}: ${await stock.left('tea')} tea left\n`);
await app.close();
await stock.close();
