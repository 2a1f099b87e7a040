// A system whose processes are there to be killed: coordinators on one journal, and two banks
// behind a gate. Leases and pauses are short, so that nobody waits long for the dead.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inject } from 'vitest';
import type { BankName } from './books.js';
import { Books } from './books.js';
import { Gate } from './gate.js';
import { Victim } from './victim.js';

export interface HouseOptions {
  readonly coordinators: number;
  readonly leaseMs: number;
  readonly sweepPeriodMs: number;
}

const HURRIED: HouseOptions = { coordinators: 1, leaseMs: 250, sweepPeriodMs: 25 };
const BANK = path.resolve('apps/bank/dist/main.js');

export class House {
  private constructor(
    readonly coordinators: readonly Victim[],
    readonly banks: { readonly [name in BankName]: Victim },
    readonly gate: Gate,
    readonly books: Books,
    private readonly dir: string,
  ) {}

  /** Coordinators are not started yet. */
  static async open(serverUrl: string, wanted: Partial<HouseOptions> = {}): Promise<House> {
    const options = { ...HURRIED, ...wanted };
    const dir = mkdtempSync(path.join(tmpdir(), 'concordat-e2e-'));
    const books = await Books.open(serverUrl);
    const bank = (name: BankName) =>
      new Victim(name, BANK, {
        BANK_NAME: name,
        DATABASE_URL: books.urls[name],
        MEMORY_SLACK_MS: '0',
      });
    const banks = { alfa: bank('alfa'), beta: bank('beta') };
    await Promise.all([banks.alfa.start(), banks.beta.start()]);
    await books.openAccounts();
    const gate = await Gate.open({ alfa: () => banks.alfa.url, beta: () => banks.beta.url });
    const participants = path.join(dir, 'participants.json');
    const urlOf = (name: BankName) => ({ url: gate.urlOf(name) });
    writeFileSync(participants, JSON.stringify({ alfa: urlOf('alfa'), beta: urlOf('beta') }));
    const env = {
      DATABASE_URL: books.urls.journal,
      CONCORDAT_PARTICIPANTS: participants,
      CONCORDAT_WAKEUPS: 'none',
      CONCORDAT_LEASE_MS: String(options.leaseMs),
      CONCORDAT_SWEEP_PERIOD_MS: String(options.sweepPeriodMs),
    };
    const coordinators = Array.from({ length: options.coordinators }, (_, index) => {
      return new Victim(`coordinator ${index + 1}`, inject('coordinator'), env);
    });
    return new House(coordinators, banks, gate, books, dir);
  }

  get coordinator(): Victim {
    const [first] = this.coordinators;
    if (first === undefined) throw new Error('this house has no coordinator');
    return first;
  }

  async close(): Promise<void> {
    const processes = [...this.coordinators, this.banks.alfa, this.banks.beta];
    await Promise.all(processes.map((one) => one.kill()));
    await this.gate.close();
    await this.books.close();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
