// A whole system of real processes: one coordinator and two banks, each with a database of its own.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '../../../scripts/lib/ports.mjs';
import { Service } from '../../../scripts/lib/service.mjs';
import { TEST_API_KEY } from '../../support/api-key.js';
import type { BankName } from './books.js';
import { Books } from './books.js';

export class System {
  private constructor(
    readonly coordinator: Service,
    readonly banks: { readonly [name in BankName]: Service },
    readonly books: Books,
    private readonly cleanUps: readonly (() => Promise<void>)[],
  ) {}

  /** @param redisUrl undefined: the sweep alone wakes the coordinator */
  static async start(serverUrl: string, redisUrl: string | undefined): Promise<System> {
    const dir = mkdtempSync(path.join(tmpdir(), 'concordat-e2e-'));
    const books = await Books.open(serverUrl);
    const alfa = await startBank('alfa', books, dir);
    const beta = await startBank('beta', books, dir);
    const participants = path.join(dir, 'participants.json');
    const urlOf = ({ url }: Service) => ({ url: `${url}/transfer` });
    writeFileSync(participants, JSON.stringify({ alfa: urlOf(alfa), beta: urlOf(beta) }));
    const coordinator = await service('coordinator', dir, {
      DATABASE_URL: books.urls.journal,
      CONCORDAT_PARTICIPANTS: participants,
      CONCORDAT_WAKEUPS: redisUrl === undefined ? 'none' : 'redis',
      ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
    });
    await coordinator.start();
    await books.openAccounts();
    return new System(coordinator, { alfa, beta }, books, [
      ...[coordinator, alfa, beta].map((one) => () => one.stop()),
      () => books.close(),
      async () => rmSync(dir, { recursive: true, force: true }),
    ]);
  }

  async stop(): Promise<void> {
    for (const cleanUp of this.cleanUps) await cleanUp();
  }
}

async function startBank(name: BankName, { urls }: Books, dir: string): Promise<Service> {
  const bank = await service(
    'bank',
    dir,
    { BANK_NAME: name, DATABASE_URL: urls[name], MEMORY_SLACK_MS: '0' },
    name,
  );
  await bank.start();
  return bank;
}

async function service(
  app: 'bank' | 'coordinator',
  dir: string,
  env: { readonly [variable: string]: string },
  name: string = app,
): Promise<Service> {
  const program = path.resolve('apps', app, 'dist/main.js');
  const logFile = path.join(dir, `${name}.log`);
  const inherited = {
    PATH: process.env['PATH'],
    LOG_LEVEL: 'warn',
    CONCORDAT_API_KEY: TEST_API_KEY,
    PORT: String(await freePort()), // it is restarted there
  };
  const definition = { name, program, logFile, env: { ...inherited, ...env } };
  return new Service(definition, (lost, wasKilled) => {
    if (!wasKilled) throw lost.failure('ended by itself');
  });
}
