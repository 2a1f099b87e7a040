// The bank's own database: Postgres, or MariaDB (MySQL), by the scheme of its URL.
//
// K1. Money is in accounts, or held for a transaction that is not over: the sum of both changes
//     only when a transfer between banks ends.
// K2. `ledger` gets a line for every effect that a branch has, so that anybody can count them.
// K3. What is made at boot must not wait for a branch that is prepared: that waits for this bank.
import type { Participant, Peers, Standings } from '@concordat/participant-sdk';
import type { Accounts } from './accounts.js';
import type { Config } from './config.js';
import { openMysql } from './mysql/database.js';
import { openPostgres } from './postgres/database.js';

export interface Database {
  readonly accounts: Accounts;
  readonly participant: Participant;
  /** Of 3PC; undefined where it is not spoken. */
  readonly standings:
    | Pick<Standings<never>, 'takeSilent' | 'promise' | 'blame' | 'inDoubt'>
    | undefined;
  close(): Promise<void>;
}

/** What the bank has beside its database. */
export interface Surroundings {
  readonly peers: Peers;
  readonly report: (error: unknown) => void;
}

/** Waits until the server answers, and creates what is missing. */
export function openDatabase(config: Config, surroundings: Surroundings): Promise<Database> {
  const isPostgres = /^postgres(ql)?:/.test(config.databaseUrl);
  return (isPostgres ? openPostgres : openMysql)(config, surroundings);
}
