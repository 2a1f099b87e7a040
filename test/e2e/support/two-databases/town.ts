// A town whose money is in two databases, twice, with everything in it there to be killed.
//
//   coordinator ──▶ journal (Postgres)
//     ├─ by HTTP, signed ──▶ bank alfa ──▶ Postgres          sdk
//     ├────────────────────▶ bank beta ──▶ MariaDB
//     │                         teller alfa ──▶ Postgres     prepared
//     └─ itself, as alfa-db and beta-db ────────▶ ▲
//                               teller beta ──▶ MariaDB
//
// The two kinds have servers of their own: recovery, which searches those that are registered for
// what is prepared, sees nothing of what the banks do, and mends nothing of it.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type pg from 'pg';
import { inject } from 'vitest';
import type { OwnServer } from '../../../support/own-server.js';
import { ownServer } from '../../../support/own-server.js';
import { Victim } from '../victim.js';
import { House, poolOf, registeredAs, sides } from './house.js';

/** Of the branches: `sdk`, or `prepared` by the service and ended by the coordinator itself. */
export const kinds = ['sdk', 'prepared'] as const;
export type Kind = (typeof kinds)[number];

const LEASE_MS = 250;
const SWEEP_PERIOD_MS = 25;
const SCAN_PERIOD_MS = 100;

export class Town {
  private started: Victim | undefined;
  private readonly dir = mkdtempSync(path.join(tmpdir(), 'concordat-e2e-'));

  private constructor(
    readonly houses: { readonly [kind in Kind]: House },
    readonly journalServer: OwnServer,
    readonly journal: pg.Pool,
    private readonly secret: string,
  ) {}

  /** Not started yet. For the top of a file: its servers are removed after the file's tests. */
  static async found(): Promise<Town> {
    const secret = randomBytes(32).toString('hex');
    const houses = { sdk: await House.withBanks(secret), prepared: await House.withTellers() };
    const journal = await ownServer();
    return new Town(houses, journal, poolOf(journal.databaseUrl), secret);
  }

  get coordinator(): Victim {
    if (this.started === undefined) throw new Error('the town is not open yet');
    return this.started;
  }

  async open(): Promise<void> {
    const { houses, journalServer, secret } = this;
    await Promise.all([journalServer, houses.sdk, houses.prepared].map(open));
    this.started = new Victim('the coordinator', inject('coordinator'), {
      DATABASE_URL: journalServer.databaseUrl,
      CONCORDAT_PARTICIPANTS: this.registry(),
      CONCORDAT_PARTICIPANT_SECRET: secret,
      CONCORDAT_WAKEUPS: 'none',
      CONCORDAT_LEASE_MS: String(LEASE_MS),
      CONCORDAT_SWEEP_PERIOD_MS: String(SWEEP_PERIOD_MS),
      CONCORDAT_SCAN_PERIOD_MS: String(SCAN_PERIOD_MS),
    });
    await this.started.start();
  }

  async close(): Promise<void> {
    await this.started?.kill();
    await Promise.all(kinds.map((kind) => this.houses[kind].close()));
    await this.journal.end();
    rmSync(this.dir, { recursive: true, force: true });
  }

  everyProcess(): readonly Victim[] {
    const services = kinds.flatMap((kind) => Object.values(this.houses[kind].services));
    return [this.coordinator, ...services];
  }

  /** Transactions that the journal holds as unfinished. */
  async unfinished(): Promise<ReadonlySet<string>> {
    const sql = 'select gtid from concordat.global_transaction';
    const { rows } = await this.journal.query<{ gtid: string }>(sql);
    return new Set(rows.map(({ gtid }) => gtid));
  }

  /** @returns its file */
  private registry(): string {
    const { sdk, prepared } = this.houses;
    const entries = sides.flatMap((side) => [
      [side, { url: `${sdk.services[side].url}/transfer` }],
      [registeredAs(side), { url: prepared.urls[side] }],
    ]);
    const file = path.join(this.dir, 'participants.json');
    writeFileSync(file, JSON.stringify(Object.fromEntries(entries)));
    return file;
  }
}

function open(what: OwnServer | House): Promise<void> {
  return what instanceof House ? what.open() : what.start();
}
