// MariaDB, as the contract of resource managers wants it: a server of its own, which a proxy stands
// before.
import { ensureOutcomeTable, MysqlResourceManager, XaBranch } from '@concordat/participants';
import type { BranchName } from '@concordat/wire';
import { xidOf } from '@concordat/wire';
import type { Connection, Pool } from 'mysql2/promise';
import { createConnection } from 'mysql2/promise';
import { freePort } from '../../scripts/lib/ports.mjs';
import { eventually } from '../support/eventually.js';
import type { OwnMariadb } from '../support/mariadb.js';
import { ownMariadb } from '../support/mariadb.js';
import { MysqlProxy } from '../support/mysql-proxy.js';
import type { Subject } from './contract/subject.js';
import { CLUSTER } from './contract/subject.js';

export interface MysqlSubject extends Subject {
  readonly server: OwnMariadb;
  readonly proxy: MysqlProxy;
}

export async function mysqlSubject(): Promise<MysqlSubject> {
  const server = await ownMariadb();
  await server.start();
  const { pool, url } = server;
  await makeTables(pool);
  const proxy = await MysqlProxy.before(url);
  const nowhere = await freePort();
  return {
    server,
    proxy,
    open: () => managerOf(proxy.url),
    unreachable: () => managerOf(`mysql://app:secret@127.0.0.1:${nowhere}/orders`),
    prepare: (name) => prepareAt(url, pool, name),
    isVisible: (name) => isVisible(pool, name),
    endByHand: async (name, decision) => {
      await pool.query(`xa ${decision} ${literalOf(name)}`);
    },
    withoutEvidence: async (question) => {
      await pool.query('delete from concordat_outcome where gtrid like ?', [`%${question.gtid}`]);
      return { ...question, result: undefined };
    },
    loseNextReply: () => proxy.once('reply', /^xa (commit|rollback)/, 'cut'),
    kill: () => server.kill(),
    start: () => server.start(),
  };
}

export function managerOf(
  url: string,
  options: { readonly connectionsMax?: number } = {},
): MysqlResourceManager {
  return new MysqlResourceManager({ name: 'stock-db', url, cluster: CLUSTER, ...options });
}

/** The table that branches write to, and that of their outcome rows. */
export async function makeTables(pool: Pool): Promise<void> {
  await pool.query('create table work (name varchar(200) primary key) engine = InnoDB');
  await ensureOutcomeTable((text) => pool.query(text));
}

/** As a service does; the server has noticed that its session is gone. */
export async function prepareAt(url: string, pool: Pool, name: BranchName): Promise<void> {
  const { connection } = await prepareOn(url, name);
  await gone(connection, pool);
}

/** Likewise, and the session stays. */
export async function prepareOn(
  url: string,
  name: BranchName,
): Promise<{ readonly connection: Connection; readonly branch: XaBranch }> {
  const connection = await createConnection(url);
  const branch = new XaBranch((text, values) => connection.query(text, values), xidOf(name));
  await branch.start();
  await branch.run('insert into work values (?)', [workOf(name)]);
  await branch.prepare();
  return { connection, branch };
}

/** Ends a session, and waits until the server knows. */
export async function gone(connection: Connection, pool: Pool): Promise<void> {
  const { threadId } = connection;
  connection.destroy();
  await eventually('the session is gone', async () => {
    const text = 'select 1 from information_schema.processlist where id = ?';
    const [rows] = await pool.query(text, [threadId]);
    return Array.isArray(rows) && rows.length === 0;
  });
}

export async function isVisible(pool: Pool, name: BranchName): Promise<boolean> {
  const [rows] = await pool.query('select 1 from work where name = ?', [workOf(name)]);
  return Array.isArray(rows) && rows.length === 1;
}

/** As a statement has it. */
export function literalOf(name: BranchName): string {
  const { gtrid, bqual } = xidOf(name);
  return `'${gtrid}','${bqual}',1`;
}

function workOf(name: BranchName): string {
  const { gtrid, bqual } = xidOf(name);
  return `${gtrid}:${bqual}`;
}
