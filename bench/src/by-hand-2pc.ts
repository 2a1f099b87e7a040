// Two-phase commit over two databases by a hand-written loop: PREPARE TRANSACTION at both in
// parallel, the decision with group commit, COMMIT PREPARED at both in parallel, the end written
// lazily. It talks to the databases itself, and nothing here could finish it after a crash.
import pg from 'pg';
import { ByHandLog } from './by-hand-log.js';
import { serveByHand } from './by-hand-server.js';
import type { TransferPayload } from './requests.js';
import { accounts, FIRST_BALANCE } from './requests.js';

const CONNECTIONS = 64;

const CREATE = `
  create table if not exists account (id text primary key, balance bigint not null)
    with (fillfactor = 70)`;
const OPEN_ACCOUNTS = `
  insert into account select id, $2 from unnest($1::text[]) as given (id) on conflict do nothing`;

const log = await ByHandLog.open(process.env['DATABASE_URL']);
const banks = [
  await openBank(process.env['BANK_A_URL']),
  await openBank(process.env['BANK_B_URL']),
];

serveByHand<TransferPayload>(async (id, { branches }) => {
  const prepares = branches.map(({ payload }, number) =>
    prepare(`by-hand-${id}-${number}`, payload),
  );
  await atBanks(prepares);
  await log.begin(id, JSON.stringify(branches));
  await atBanks(branches.map((_, number) => `commit prepared 'by-hand-${id}-${number}'`));
  log.end(id).catch(() => process.exit(1)); // lazily: not awaited
});

/** The first statement at the first bank, the second at the second, in parallel. */
async function atBanks(statements: readonly string[]): Promise<void> {
  await Promise.all(banks.map((bank, number) => bank.query(statements[number] ?? '')));
}

/** One round trip for all of it. The load is ours: nothing in a payload needs to be escaped. */
function prepare(transaction: string, { account, amount }: TransferPayload): string {
  return `begin;
    update account set balance = balance + ${amount} where id = '${account}';
    prepare transaction '${transaction}'`;
}

async function openBank(databaseUrl: string | undefined): Promise<pg.Pool> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: CONNECTIONS });
  await pool.query(CREATE);
  await pool.query(OPEN_ACCOUNTS, [accounts, FIRST_BALANCE]);
  return pool;
}
