// Does to a transaction what a person asks for.
//
//   find ─▶ ask its participant ─▶ judge ─▶ may not: refused      may: dry run: would
//    ▲                                                              │
//    └─── it is no longer what was judged ◀── the engine proves ◀───┘ event and line, one commit
//
// D1. What is done is done to exactly what was judged: the engine applies the event only if the
//     transaction is still the same, to the letter. If not, it is found and judged again. So of two
//     people, or of a person and a participant's reply, one is first and the other is told so; and
//     what the audit says was so before the act was so.
// D2. A line is in the same commit as its event (Entry.audit), hence both are there or neither.
// D3. Whoever is refused although he was serious is in the audit too, with why.
// D4. The number of a line may be given out before the act (approvals, bulk), and two instances may
//     come to it at once. The audit has no number twice: one of them has done it, and it is done.
import type { AuditLine, InterventionRequest } from '@concordat/engine';
import { EntryRejected } from '@concordat/engine';
import type { BranchId, GlobalTransactionId } from '@concordat/protocols';
import { assert } from '@concordat/protocols';
import type { ActionResultView, ObservationView } from '@concordat/wire/operations';
import { HeldBack, Refusal } from '../api.js';
import type { ActLine } from '../audit/lines.js';
import { doneLine, refusedLine } from '../audit/lines.js';
import type { OperationsPorts, TransactionRecord } from '../ports.js';
import { tenantOf, unknownTransaction } from '../requests.js';
import { FORGET_HEURISTIC } from '../statements/forget-heuristic.js';
import { IS_AUDITED } from '../statements/is-audited.js';
import { IS_FORGOTTEN } from '../statements/is-forgotten.js';
import { isSameState } from './consequences.js';
import { asksParticipant, judge } from './judge.js';
import type { Ask, Judgement, Known } from './words.js';

/** Whoever answers so often in between is not stuck. */
const TRIES_MAX = 10;

/** Asks one branch's participant what is so, live. Never rejects. */
export type Observe = (
  record: TransactionRecord,
  branch: BranchId,
  signal: AbortSignal,
) => Promise<ObservationView>;

/** What a person asks for, with all that the audit keeps of it. */
export interface Asked extends Omit<ActLine, 'tenant'> {
  readonly dryRun: boolean;
  readonly ifVersion?: number | undefined;
  readonly signal: AbortSignal;
}

/** It may be done, as things are. */
export interface Proved {
  readonly record: TransactionRecord;
  readonly known: Known;
  readonly judged: Extract<Judgement, { readonly type: 'may' }>;
}

export type ActsPorts = Pick<OperationsPorts, 'engine' | 'store' | 'pauses'> & {
  readonly observe: Observe;
};

export class Acts {
  constructor(private readonly ports: ActsPorts) {}

  /**
   * @throws Refusal if it cannot be done as things are
   * @throws JournalUnavailable if it is not known whether it was done
   */
  async perform(asked: Asked): Promise<ActionResultView> {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const proved = await this.prove(asked);
      if ('result' in proved) return proved;
      if (asked.dryRun) return would(proved);
      const done = await this.act(asked, proved);
      if (done !== undefined) return done;
    }
    throw new Refusal('changed-meanwhile', 'It changes faster than it can be judged: look again.');
  }

  /** D3: what `work` refuses is in the audit, unless it was only tried out. */
  async orLogged<T>(asked: Omit<Asked, 'signal'>, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Refusal && !asked.dryRun) await this.log(asked, error);
      throw error;
    }
  }

  /**
   * Judges it, upon what is so now.
   * @returns the answer, if it is so already
   * @throws Refusal
   */
  async prove(asked: Asked): Promise<Proved | ActionResultView> {
    const { gtid, ask, ifVersion, signal } = asked;
    const record = await this.ports.engine.find(gtid);
    if (record === undefined) throw unknownTransaction(gtid);
    const { version } = record.transaction;
    if (ifVersion !== undefined && version !== ifVersion) throw changed(ifVersion, version);
    const known = await this.knownOf(record, ask, signal);
    const judged = judge(ask, known);
    if (judged.type === 'may-not') throw refusalOf(judged);
    if (judged.type === 'unchanged') return { result: 'unchanged', said: judged.because, version };
    return { record, known, judged };
  }

  private async knownOf(
    { gtid, transaction, definition, attempts }: TransactionRecord,
    ask: Ask,
    signal: AbortSignal,
  ): Promise<Known> {
    const known = { transaction, definition, attempts, pauses: this.ports.pauses };
    if (ask.action === 'forget') {
      const rows = await this.ports.store.run(IS_FORGOTTEN, [gtid]);
      return { ...known, isForgotten: rows.length > 0 };
    }
    if (!('branch' in ask) || !asksParticipant.has(ask.action)) return known;
    const record = { gtid, transaction, definition, attempts, endedAt: null };
    return { ...known, observation: await this.ports.observe(record, ask.branch, signal) };
  }

  /** D1, D2. @returns undefined if it is no longer as it was judged */
  async act(asked: Asked, proved: Proved): Promise<ActionResultView | undefined> {
    const { record, known, judged } = proved;
    const { gtid } = asked;
    const audit = doneLine({ ...asked, tenant: tenantOf(record) }, known, judged);
    if (judged.event === undefined) return this.forget(gtid, audit, judged.effect);
    const request: InterventionRequest = {
      event: judged.event,
      onlyIf: (transaction) => isSameState(transaction, known.transaction),
      ...(judged.payload === undefined ? {} : { payload: judged.payload }),
      audit,
    };
    try {
      const intervened = await this.ports.engine.intervene(gtid, request);
      if (intervened.type === 'unknown') throw unknownTransaction(gtid);
      if (intervened.type === 'refused') return undefined;
      const { version } = intervened.record.transaction;
      return { result: 'done', said: judged.effect, auditId: audit.id, version };
    } catch (error) {
      if (error instanceof EntryRejected && (await this.isThere(audit))) return SEEN_TO; // D4
      throw error;
    }
  }

  private async isThere({ id }: AuditLine): Promise<boolean> {
    const rows = await this.ports.store.run(IS_AUDITED, [id]);
    return rows.length > 0;
  }

  /** What has ended changes no more: all that has to be proved again is that nobody was first. */
  private async forget(
    gtid: GlobalTransactionId,
    audit: AuditLine,
    said: string,
  ): Promise<ActionResultView | undefined> {
    const { kind, id, name } = audit.actor;
    try {
      await this.ports.store.audited(audit, async (run) => {
        const rows = await run(FORGET_HEURISTIC, [gtid, kind, id, name, audit.reason]);
        if (rows.length === 0) throw new Overtaken();
      });
    } catch (error) {
      if (error instanceof Overtaken) return undefined;
      throw error;
    }
    return { result: 'done', said, auditId: audit.id };
  }

  private async log(asked: Omit<Asked, 'signal'>, { kind, detail }: Refusal): Promise<void> {
    if (kind === 'malformed-request' || kind === 'unknown-branch') return;
    const record = await this.ports.engine.find(asked.gtid);
    if (record === undefined) return; // nobody has been refused anything
    const line = refusedLine({ ...asked, tenant: tenantOf(record) }, detail);
    await this.ports.store.audited(line, () => Promise.resolve());
  }
}

/** Somebody else has been faster. */
class Overtaken extends Error {}

const SEEN_TO: ActionResultView = {
  result: 'unchanged',
  said: 'Another instance has seen to it already.',
};

function would({ judged, record }: Proved): ActionResultView {
  return { result: 'would', said: judged.effect, version: record.transaction.version };
}

function refusalOf({ because, isHeldBack }: Extract<Judgement, { type: 'may-not' }>): Refusal {
  const Kind = isHeldBack === true ? HeldBack : Refusal;
  return new Kind('not-possible', because);
}

function changed(asked: number, version: number): Refusal {
  assert(asked !== version, 'it has changed');
  const detail = `It is at version ${version}, and no longer at ${asked}: look again.`;
  return new Refusal('changed-meanwhile', detail);
}
