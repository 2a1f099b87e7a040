// A coordinator with transactions that are really stuck: a participant has prepared, everybody has
// agreed, and it does not answer any more.
import type { TransactionView } from '@concordat/wire';
import { vi } from 'vitest';
import { Api } from '../http/api.js';
import type { CoordinatorProcess, Environment } from '../support/coordinator.js';
import { startCoordinator } from '../support/coordinator.js';
import { databaseFromTemplate } from '../support/databases.js';
import type { ScriptedParticipant } from '../support/scripted-participants.js';
import { ScriptedParticipants } from '../support/scripted-participants.js';
import { Concordat } from './command.js';

/** Each command is a process of its own, which is slow where others are at work. */
vi.setConfig({ testTimeout: 120_000 });

/** Of a bank that is being repaired. */
const AWAY = { status: 503, body: 'closed for repairs' };
/** No deadline decides. */
const DEADLINE_MS = 600_000;
/** Once it has failed nothing more happens by itself, while a test lasts. */
const RESTING = { firstDelayMs: 300_000, delayMaxMs: 300_000 };
/** It has soon failed often. */
const EAGER = { firstDelayMs: 20, delayMaxMs: 100 };

export class Stuck {
  private constructor(
    readonly coordinator: CoordinatorProcess,
    readonly participants: ScriptedParticipants,
    readonly api: Api,
    readonly concordat: Concordat,
    /** The journal's. */
    readonly databaseUrl: string,
  ) {}

  /** For the top of a file: it ends with its tests. */
  static async open(environment: Environment = {}): Promise<Stuck> {
    const { databaseUrl } = await databaseFromTemplate();
    const participants = await ScriptedParticipants.open();
    const coordinator = await startCoordinator({
      DATABASE_URL: databaseUrl,
      CONCORDAT_ALLOWED_URLS: 'http://127.0.0.1:*',
      ...environment,
    });
    const { url } = coordinator;
    return new Stuck(coordinator, participants, new Api(url), new Concordat(url), databaseUrl);
  }

  /** Decided, and its bank could not be told: the next attempt is far away. */
  decided(name: string): Promise<StuckTransaction> {
    const isSo = (it: TransactionView): boolean => it.decision === 'commit' && hasFailed(it);
    return this.begun(name, this.bank('commit'), RESTING, isSo);
  }

  /** Nothing is decided, for its bank has not voted, and will not be asked for long. */
  undecided(name: string): Promise<StuckTransaction> {
    const isSo = (it: TransactionView): boolean => it.decision === 'undecided' && hasFailed(it);
    return this.begun(name, this.bank('prepare'), RESTING, isSo);
  }

  /** Decided, and its bank was told so often in vain that a person should know. */
  failing(name: string): Promise<StuckTransaction> {
    return this.begun(name, this.bank('commit'), EAGER, ({ stuck }) => stuck);
  }

  /** Away, if it is asked for `operation`. */
  bank(operation: string): ScriptedParticipant {
    return this.participants.add().answers(operation, AWAY);
  }

  private async begun(
    name: string,
    bank: ScriptedParticipant,
    retry: object,
    isSo: (transaction: TransactionView) => boolean,
  ): Promise<StuckTransaction> {
    const branches = [
      { id: 'debit', participant: { url: this.participants.add().url }, retry },
      { id: 'credit', participant: { url: bank.url }, retry },
    ];
    const body = { protocol: '2pc', name, deadlineMs: DEADLINE_MS, branches };
    const { gtid } = await this.api.begin(body, { prefer: 'respond-async' });
    await this.api.until(gtid, 'stuck', isSo);
    return { gtid, bank };
  }
}

function hasFailed({ branches }: TransactionView): boolean {
  return branches.some(({ attempts }) => attempts > 0);
}

export interface StuckTransaction {
  readonly gtid: string;
  /** At which the branch `credit` is. */
  readonly bank: ScriptedParticipant;
}
