// A command: is the audit as it was written?
//
//   DATABASE_URL=… node apps/coordinator/dist/verify-audit.js [--head <hash kept elsewhere>]
//
// Prints the verdict as JSON. Ends with 0 if the audit is whole, with 1 if it is not, and with 2 if
// that could not be found out. It reads, and needs no coordinator that runs.
import { parseArgs } from 'node:util';
import { openJournal } from '@concordat/journal';
import { verifyAudit } from '@concordat/operations';

const POOL_SIZE = 1;

/** @returns the code to end with */
export async function verifyCommand(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { head: { type: 'string' } } });
  const { DATABASE_URL: databaseUrl = '' } = environment;
  const journal = await openJournal({ databaseUrl, owner: 'verify-audit', poolSize: POOL_SIZE });
  try {
    const { head } = values;
    const kept = head === undefined ? {} : { kept: head };
    const { database } = journal;
    const verdict = await verifyAudit((statement, given) => database.run(statement, given), kept);
    process.stdout.write(`${JSON.stringify(verdict)}\n`);
    return verdict.intact ? 0 : 1;
  } finally {
    await journal.close();
  }
}

try {
  process.exitCode = await verifyCommand(process.argv.slice(2), process.env);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
