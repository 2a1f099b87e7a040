// What is compared: for each shape of transaction, the coordinator and a loop written by hand.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Pool } from 'undici';
import { databases, urlOfDatabase } from './databases.js';
import type { RunningProcess } from './processes.js';
import { startServer } from './processes.js';
import type { Shape } from './requests.js';
import { accounts, FIRST_BALANCE } from './requests.js';

export interface Contestant {
  readonly name: 'coordinator' | 'by hand';
  readonly shape: Shape;
  /** The database of its log: whose commits are counted. */
  readonly logDatabase: string;
  start(): Promise<Stage>;
}

/** The processes of a round, the load excepted. */
export interface Stage {
  /** The coordinator, or the loop by hand in its place. */
  readonly coordinator: RunningProcess;
  readonly participants: readonly RunningProcess[];
  stop(): Promise<void>;
}

/** The two sides of a comparison, in the order in which they take turns. */
export function contestantsOf(shape: Shape, serverUrl: string): readonly Contestant[] {
  const urlOf = (database: keyof typeof databases): string =>
    urlOfDatabase(serverUrl, databases[database]);
  const starts = startsOf(shape, urlOf);
  const log = shape === 'last-resource' ? databases.bankB : databases.coordinator;
  return [
    { name: 'coordinator', shape, logDatabase: log, start: starts.coordinator },
    { name: 'by hand', shape, logDatabase: databases.byHand, start: starts.byHand },
  ];
}

interface Starts {
  readonly coordinator: () => Promise<Stage>;
  readonly byHand: () => Promise<Stage>;
}

type UrlOf = (database: keyof typeof databases) => string;

function startsOf(shape: Shape, urlOf: UrlOf): Starts {
  switch (shape) {
    case 'saga':
      return sagas(urlOf);
    case '2pc':
      return transfers(urlOf);
    case 'embedded':
      return withinApplication(urlOf, 'coordinator');
    case 'last-resource':
      return withinApplication(urlOf, 'bankB');
  }
}

function withinApplication(urlOf: UrlOf, journal: 'coordinator' | 'bankB'): Starts {
  return {
    coordinator: async () => {
      const env = {
        JOURNAL_URL: urlOf(journal),
        BANK_A_URL: urlOf('bankA'),
        BANK_B_URL: urlOf('bankB'),
      };
      return stageOf(await startServer('bench/dist/embedded-2pc.js', env, '/'), []);
    },
    byHand: async () => {
      const env = { BANK_A_URL: urlOf('byHandBankA'), BANK_B_URL: urlOf('byHandBankB') };
      return stageOf(await startServer('bench/dist/floor-2pc.js', env, '/'), []);
    },
  };
}

function sagas(urlOf: UrlOf): Starts {
  const startParticipant = (): Promise<RunningProcess> =>
    startServer('bench/dist/participant.js', {}, '/');
  return {
    coordinator: async () => {
      const participant = await startParticipant();
      return startCoordinator(urlOf('coordinator'), { bench: participant });
    },
    byHand: async () => {
      const participant = await startParticipant();
      const env = { DATABASE_URL: urlOf('byHand'), PARTICIPANT_URL: participant.url };
      const loop = await startServer('bench/dist/by-hand-saga.js', env, '/');
      return stageOf(loop, [participant]);
    },
  };
}

function transfers(urlOf: UrlOf): Starts {
  return {
    coordinator: async () => {
      const bankA = await startBank('bank-a', urlOf('bankA'));
      const bankB = await startBank('bank-b', urlOf('bankB'));
      const banks = { 'bank-a': bankA, 'bank-b': bankB };
      return startCoordinator(urlOf('coordinator'), banks, '/transfer');
    },
    byHand: async () => {
      const env = {
        DATABASE_URL: urlOf('byHand'),
        BANK_A_URL: urlOf('byHandBankA'),
        BANK_B_URL: urlOf('byHandBankB'),
      };
      return stageOf(await startServer('bench/dist/by-hand-2pc.js', env, '/'), []);
    },
  };
}

async function startBank(name: string, databaseUrl: string): Promise<RunningProcess> {
  const env = { BANK_NAME: name, DATABASE_URL: databaseUrl, MEMORY_SLACK_MS: '0' };
  const bank = await startServer('apps/bank/dist/main.js', env, '/health/live');
  const pool = new Pool(bank.url, { connections: 8 });
  await Promise.all(accounts.map((id) => openAccount(pool, id)));
  await pool.close();
  return bank;
}

async function openAccount(bank: Pool, id: string): Promise<void> {
  const { statusCode, body } = await bank.request({
    path: '/accounts',
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id, balance: FIRST_BALANCE }),
  });
  await body.dump();
  if (statusCode !== 200) throw new Error(`a bank answered ${statusCode}`);
}

async function startCoordinator(
  databaseUrl: string,
  participants: Readonly<Record<string, RunningProcess>>,
  participantPath = '',
): Promise<Stage> {
  const folder = await mkdtemp(path.join(tmpdir(), 'concordat-bench-'));
  const file = path.join(folder, 'participants.json');
  const registry = Object.entries(participants).map(([name, { url }]) => [
    name,
    { url: `${url}${participantPath}` },
  ]);
  await writeFile(file, JSON.stringify(Object.fromEntries(registry)));
  const env = {
    DATABASE_URL: databaseUrl,
    CONCORDAT_PARTICIPANTS: file,
    CONCORDAT_WAKEUPS: process.env['CONCORDAT_WAKEUPS'] ?? 'none',
    LOG_LEVEL: 'warn',
  };
  try {
    const coordinator = await startServer('apps/coordinator/dist/main.js', env, '/health/ready');
    return stageOf(coordinator, Object.values(participants));
  } finally {
    await rm(folder, { recursive: true }); // it is read at boot
  }
}

function stageOf(coordinator: RunningProcess, participants: readonly RunningProcess[]): Stage {
  return {
    coordinator,
    participants,
    stop: async () => {
      await coordinator.stop();
      await Promise.all(participants.map((participant) => participant.stop()));
    },
  };
}
