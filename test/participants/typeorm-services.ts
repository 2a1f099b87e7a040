// A service that keeps its payments with TypeORM, on each kind of database that can.
import type { Context, Json, Participant, Refused, Standings } from '@concordat/participant-sdk';
import { nodeHandler, participant, refused } from '@concordat/participant-sdk';
import {
  ensureBarrier,
  typeormBarrier,
  typeormStandings,
  typeormTwoPhase,
} from '@concordat/participant-sdk/typeorm';
import type { EntityManager } from 'typeorm';
import { DataSource, EntitySchema } from 'typeorm';
import { afterAll } from 'vitest';
import type { Branch } from '../barrier/calling.js';
import { branchAt, serve } from '../barrier/calling.js';
import { serviceDatabase } from '../barrier/databases.js';
import { mariadbDatabase } from '../support/mariadb.js';

interface Payment {
  readonly id: string;
  readonly amount: number;
}

export const Payments = new EntitySchema<Payment>({
  name: 'payment',
  columns: {
    id: { type: 'varchar', length: 200, primary: true },
    amount: { type: 'integer' },
  },
});

const LOCK_TIMEOUT_MS = 1_000;
/** Fewer than calls at once: whoever keeps a connection is found out. */
export const CONNECTIONS_MAX = 2;

const settings = { entities: [Payments], poolSize: CONNECTIONS_MAX };

type Told = Pick<Context<Json>, 'gtid' | 'operation' | 'payload'>;
/** What a handler does after it has written. */
export type Deed = (manager: EntityManager, told: Told) => Promise<unknown>;

export interface TestService {
  readonly name: string;
  readonly dataSource: DataSource;
  /** What was reported as having left a call in doubt. */
  readonly reported: readonly string[];
  readonly url: string;
  readonly branch: (protocol: 'saga' | '2pc', deed?: Deed) => Branch;
  /** Of the payments that have committed, in order. */
  readonly amountsOf: (gtid: string) => Promise<readonly number[]>;
  /** The branches that are prepared. */
  readonly prepared: (gtid: string) => Promise<number>;
  /** Ends the session that runs it. */
  readonly suicide: string;
}

export async function onPostgres(): Promise<TestService> {
  const { databaseUrl } = await serviceDatabase();
  const dataSource = postgresSource(databaseUrl);
  return serviceOn(dataSource, {
    name: 'Postgres',
    suicide: 'select pg_terminate_backend(pg_backend_pid())',
    prepared: async (gtid) => {
      const sql = `select from pg_prepared_xacts where gid like 'concordat:${gtid}:%'`;
      return (await dataSource.query<unknown[]>(sql)).length;
    },
    standings: typeormStandings(dataSource, { name: 'payment' }),
  });
}

export async function onMariadb(): Promise<TestService> {
  const { url } = await mariadbDatabase();
  const dataSource = new DataSource({ type: 'mariadb', url, ...settings });
  return serviceOn(dataSource, {
    name: 'MariaDB',
    suicide: 'kill connection_id()',
    prepared: async (gtid) => {
      const rows = await dataSource.query<readonly { readonly data: unknown }[]>('xa recover');
      return rows.filter(({ data }) => String(data).includes(gtid)).length;
    },
  });
}

export function postgresSource(url: string): DataSource {
  return new DataSource({ type: 'postgres', url, ...settings });
}

type Kind = Pick<TestService, 'name' | 'prepared' | 'suicide'> & {
  readonly standings?: Standings<EntityManager>;
};

async function serviceOn(dataSource: DataSource, kind: Kind): Promise<TestService> {
  const deeds = new Map<unknown, Deed>();
  const reported: string[] = [];
  const service = paymentsOf(dataSource, kind, deeds, (error) => reported.push(String(error)));
  await dataSource.initialize(); // after its stores were made
  afterAll(() => dataSource.destroy());
  await ensureBarrier(dataSource, { memorySlackMs: 0 });
  await dataSource.synchronize();
  const url = `${await serve(nodeHandler(service, { prefix: '/payment' }))}/payment`;
  return {
    ...kind,
    dataSource,
    reported,
    url,
    branch(protocol, deed) {
      const payload = deeds.size;
      deeds.set(payload, deed ?? (() => Promise.resolve()));
      return branchAt(url, protocol, { payload });
    },
    async amountsOf(gtid) {
      const found = await dataSource.getRepository(Payments).find({ order: { amount: 'asc' } });
      return found.filter(({ id }) => id.startsWith(gtid)).map(({ amount }) => amount);
    },
  };
}

function paymentsOf(
  dataSource: DataSource,
  { standings }: Kind,
  deeds: ReadonlyMap<unknown, Deed>,
  report: (error: unknown) => void,
): Participant {
  const deed = async (told: Told, manager: EntityManager): Promise<Refused | undefined> => {
    const word = await deeds.get(told.payload)?.(manager, told);
    return word === 'refuse' ? refused('not today') : undefined;
  };
  const hold = async (told: Told, manager: EntityManager): Promise<Refused | undefined> => {
    await manager.getRepository(Payments).insert({ id: told.gtid, amount: 10 });
    return deed(told, manager);
  };
  const settle = async ({ gtid }: Told, manager: EntityManager): Promise<void> => {
    await manager.getRepository(Payments).update({ id: gtid }, { amount: -1 });
  };
  const options = { lockTimeoutMs: LOCK_TIMEOUT_MS };
  const peers = { faultOf: () => undefined };
  return participant<Json, EntityManager>({
    barrier: typeormBarrier(dataSource, options),
    parse: (payload) => payload,
    saga: { execute: hold, compensate: settle },
    twoPhase: {
      resourceManager: typeormTwoPhase(dataSource, options),
      prepare: (told, manager) =>
        told.payload === 'only-read' ? count(manager) : hold(told, manager),
    },
    ...(standings === undefined
      ? {}
      : { threePhase: { standings, peers, canCommit: hold, doCommit: settle, abort: settle } }),
    report,
  });
}

async function count(manager: EntityManager): Promise<undefined> {
  await manager.getRepository(Payments).count();
}
