// Two-phase commit over two databases by a hand-written loop: PREPARE TRANSACTION at both in
// parallel, the decision with group commit, COMMIT PREPARED at both in parallel, the end written
// lazily. It talks to the databases itself, and nothing here could finish it after a crash.
import { openBank } from './bank-databases.js';
import { ByHandLog } from './by-hand-log.js';
import { serveByHand } from './by-hand-server.js';
import type { TransferPayload } from './requests.js';

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
