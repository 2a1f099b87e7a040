// Participants of each kind, whose branch a test puts into each state, for real: by the calls of a
// coordinator, by the hand of a person, by stopping them.
import { ensureOutcomeTable } from '@concordat/participants';
import type { BranchDefinition } from '@concordat/engine';
import type { Json, ProtocolName } from '@concordat/protocols';
import { gidOf, xidOf } from '@concordat/wire';
import type { Pool as MysqlPool } from 'mysql2/promise';
import type { Pool } from 'pg';
import { freePort } from '../../scripts/lib/ports.mjs';
import { branchAt } from '../barrier/calling.js';
import type { Member } from '../barrier/members.js';
import { rosterOf } from '../barrier/members.js';
import type { DatabaseUnderTest, StoreUnderTest } from '../barrier/stores.js';
import { newGtid } from '../support/gtids.js';
import { prepareAt } from '../participants/mysql-subject.js';
import { BRANCH, CLUSTER } from './truth-bench.js';

export type Made = 'prepared' | 'committed' | 'rolled-back' | 'absent' | 'unreachable';

export interface Found {
  readonly gtid: string;
  readonly participant: BranchDefinition['participant'];
  /** What its vote has left in the journal. */
  readonly result?: Json;
}

export interface Subject {
  readonly name: string;
  readonly protocol: ProtocolName;
  /** Those states that it can be in. */
  readonly states: readonly Made[];
  make(state: Made): Promise<Found>;
}

const ALL: readonly Made[] = ['prepared', 'committed', 'rolled-back', 'absent', 'unreachable'];

/** A database that is a participant itself; its branch is ended by the hand of a person. */
export function postgresDatabase(name: string, pool: Pool, stopped: string): Subject {
  return {
    name: 'PostgreSQL itself',
    protocol: '2pc',
    states: ALL,
    async make(state) {
      const gtid = newGtid();
      if (state === 'unreachable') return { gtid, participant: stopped };
      if (state === 'absent') return { gtid, participant: name };
      const gid = gidOf({ cluster: CLUSTER, gtid, branch: BRANCH });
      const client = await pool.connect();
      try {
        await client.query('begin');
        await client.query('insert into work values ($1)', [gid]);
        const { rows } = await client.query<{ xid: string }>('select pg_current_xact_id() as xid');
        await client.query(`prepare transaction '${gid}'`);
        if (state !== 'prepared') {
          await client.query(`${state === 'committed' ? 'commit' : 'rollback'} prepared '${gid}'`);
        }
        return { gtid, participant: name, result: { xid: rows[0]?.xid ?? '' } };
      } finally {
        client.release();
      }
    },
  };
}

/** Likewise. @param url of the database that `pool` is of */
export async function mariadbDatabase(
  name: string,
  url: string,
  pool: MysqlPool,
  stopped: string,
): Promise<Subject> {
  await pool.query('create table work (name varchar(200) primary key) engine = InnoDB');
  await ensureOutcomeTable((text) => pool.query(text));
  return {
    name: 'MariaDB itself',
    protocol: '2pc',
    states: ALL,
    async make(state) {
      const gtid = newGtid();
      if (state === 'unreachable') return { gtid, participant: stopped };
      if (state === 'absent') return { gtid, participant: name };
      const branch = { cluster: CLUSTER, gtid, branch: BRANCH };
      await prepareAt(url, pool, branch);
      const { gtrid, bqual } = xidOf(branch);
      if (state !== 'prepared') {
        await pool.query(
          `xa ${state === 'committed' ? 'commit' : 'rollback'} '${gtrid}','${bqual}',1`,
        );
      }
      return { gtid, participant: name, result: { outcomeRow: true } };
    },
  };
}

/** A service that prepares in its own database by the SDK. */
export function twoPhaseService(store: DatabaseUnderTest): Subject {
  const { service } = store;
  return {
    name: `a service on ${store.name}`,
    protocol: '2pc',
    states: ALL,
    async make(state) {
      const gtid = newGtid();
      if (state === 'unreachable') return { gtid, participant: { url: await nobody() } };
      const branch = branchAt(service.url, '2pc', { gtid, id: BRANCH, payload: 'obey' });
      const found = { gtid, participant: { url: service.url } };
      if (state === 'absent') return found;
      await branch.call('prepare', 1);
      if (state === 'committed') await store.endByHand(gtid, 'commit');
      // By its own order: what is rolled back by hand leaves no trace here (E3 of two-phase.ts).
      if (state === 'rolled-back') await branch.call('rollback', 2);
      return found;
    },
  };
}

export function tccService({ name, service }: StoreUnderTest): Subject {
  return {
    name: `reservations on ${name}`,
    protocol: 'tcc',
    states: ALL,
    async make(state) {
      const gtid = newGtid();
      if (state === 'unreachable') return { gtid, participant: { url: await nobody() } };
      const branch = branchAt(service.url, 'tcc', { gtid, id: BRANCH, payload: 'obey' });
      if (state !== 'absent') await branch.call('try', 1);
      if (state === 'committed') await branch.call('confirm', 2);
      if (state === 'rolled-back') await branch.call('cancel', 2);
      return { gtid, participant: { url: service.url } };
    },
  };
}

export function sagaService({ name, service }: StoreUnderTest): Subject {
  return {
    name: `steps on ${name}`,
    protocol: 'saga',
    states: ALL.filter((state) => state !== 'prepared'), // a step at work is not seen
    async make(state) {
      const gtid = newGtid();
      if (state === 'unreachable') return { gtid, participant: { url: await nobody() } };
      const branch = branchAt(service.url, 'saga', { gtid, id: BRANCH, payload: 'obey' });
      if (state !== 'absent') await branch.call('execute', 1);
      if (state === 'rolled-back') await branch.call('compensate', 2);
      return { gtid, participant: { url: service.url } };
    },
  };
}

export function threePhaseService(member: Member, others: readonly Member[]): Subject {
  return {
    name: 'a member',
    protocol: '3pc',
    states: ALL,
    async make(state) {
      const gtid = newGtid();
      if (state === 'unreachable') return { gtid, participant: { url: await nobody() } };
      const roster = rosterOf([member, ...others]);
      const branch = branchAt(member.url, '3pc', { gtid, id: BRANCH, payload: 'x', roster });
      if (state !== 'absent') await branch.call('can-commit', 1);
      if (state === 'committed') {
        await branch.call('pre-commit', 2, { ballot: 0 });
        await branch.call('do-commit', 3);
      }
      if (state === 'rolled-back') await branch.call('abort', 2);
      return { gtid, participant: { url: member.url } };
    },
  };
}

/** Where a service has been stopped. */
export async function nobody(): Promise<string> {
  return `http://127.0.0.1:${await freePort()}`;
}
