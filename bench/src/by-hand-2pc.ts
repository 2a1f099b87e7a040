// Two-phase commit over two databases by a hand-written loop: PREPARE TRANSACTION at both in
// parallel, the decision with group commit, COMMIT PREPARED at both in parallel, the end written
// lazily. It talks to the databases itself, and nothing here could finish it after a crash.
import pg from 'pg';
import { ByHandLog } from './by-hand-log.js';
import { serveByHand } from './by-hand-server.js';
import { ACCOUNTS } from './requests.js';

const CONNECTIONS = 64;

const CREATE = `
  create table if not exists account (id int primary key, balance bigint not null)
    with (fillfactor = 70);
  insert into account select generate_series(0, ${ACCOUNTS - 1}), 0 on conflict do nothing`;

const log = await ByHandLog.open(process.env['DATABASE_URL']);
const bankA = await openBank(process.env['BANK_A_URL']);
const bankB = await openBank(process.env['BANK_B_URL']);

serveByHand(async (id, { branches }) => {
  const account = id % ACCOUNTS;
  const [from, to] = [`'by-hand-${id}-a'`, `'by-hand-${id}-b'`];
  await Promise.all([
    bankA.query(prepare(from, account, -10)),
    bankB.query(prepare(to, account, 10)),
  ]);
  await log.begin(id, JSON.stringify(branches));
  await Promise.all([bankA.query(`commit prepared ${from}`), bankB.query(`commit prepared ${to}`)]);
  log.end(id).catch(() => process.exit(1)); // lazily: not awaited
});

/** One round trip for all of it. */
function prepare(branch: string, account: number, amount: number): string {
  return `begin;
    update account set balance = balance + ${amount} where id = ${account};
    prepare transaction ${branch}`;
}

async function openBank(databaseUrl: string | undefined): Promise<pg.Pool> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: CONNECTIONS });
  await pool.query(CREATE);
  return pool;
}
