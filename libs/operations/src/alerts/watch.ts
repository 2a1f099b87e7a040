// Looks every few seconds whether rules hold, and tells what is new of it.
//
//   lease ──▶ situation ──▶ rules hold for causes ──▶ noted ──▶ told, and noted that it was
//
// L1. One instance watches at a time: who has the lease. Two at once (a lease that ran out while
//     its holder was slow) would tell a thing twice, under one id.
// L2. Told first, noted then: who dies in between tells again. The id is that of what is told, so
//     whoever receives it knows it again.
// L3. Not again for the same cause before `quietMs`, though it held and held not in between. What
//     holds for longer is told again after that.
// L4. What cannot be told is tried again, RETRIES_MAX times, later each time; then it waits for
//     `quietMs` as if it had been told. Each attempt is noted.
// L5. Where something could not be asked, nothing is taken for over.
import type { AlertCondition } from '@concordat/wire/operations';
import type { Holding } from './evaluate.js';
import { holdingOf, placeOf } from './evaluate.js';
import type { AlertPorts, RuleRow } from './ports.js';
import { linkTo, RULES_MAX } from './ports.js';
import { RULES } from './statements/rules.js';
import { DUE, LEASE, NOTE_FIRING, NOTE_QUIET, NOTE_TOLD, RELEASE } from './statements/watching.js';
import { messageId, tell } from './webhook.js';

interface DueRow {
  readonly rule: string;
  readonly cause: string;
  readonly said: string;
  readonly since: Date;
  readonly told_at: Date | null;
  readonly failures: number;
  readonly name: string;
  readonly condition: AlertCondition;
  readonly url: string;
  readonly secret: Buffer;
  readonly quiet_ms: number;
}

const LEASE_MS = 60_000;
const PER_TURN_MAX = 50;
const CAUSES_PER_RULE_MAX = 100;
const RETRIES_MAX = 8;
const RETRY_FIRST_MS = 10_000;
const RETRY_MAX_MS = 600_000;

export class Watch {
  constructor(
    private readonly ports: AlertPorts,
    /** Names this instance. */
    private readonly holder: string,
  ) {}

  /** One turn. Rejects with JournalUnavailable. */
  async look(): Promise<void> {
    const { store, clock } = this.ports;
    const leased = await store.run(LEASE, [this.holder, LEASE_MS]);
    if (leased.length === 0) return; // L1
    const rules = await store.run<RuleRow>(RULES, [RULES_MAX]);
    const enabled = rules.filter((rule) => rule.enabled);
    if (enabled.length > 0) {
      const situation = await this.ports.situation();
      const now = clock.now();
      const held = enabled.flatMap(({ id, condition }) =>
        holdingOf(condition, situation, now)
          .slice(0, CAUSES_PER_RULE_MAX)
          .map((holding) => ({ rule: id, ...holding })),
      );
      await this.note(held, situation.missing.length === 0);
    } else await this.note([], true);
    for (const due of await store.run<DueRow>(DUE, [PER_TURN_MAX])) await this.tell(due);
  }

  async release(): Promise<void> {
    await this.ports.store.run(RELEASE, [this.holder]);
  }

  private async note(
    held: readonly (Holding & { readonly rule: string })[],
    isComplete: boolean,
  ): Promise<void> {
    const { store } = this.ports;
    const rules = held.map(({ rule }) => rule);
    const causes = held.map(({ cause }) => cause);
    if (held.length > 0) {
      await store.run(NOTE_FIRING, [rules, causes, held.map(({ said }) => said)]);
    }
    if (isComplete) await store.run(NOTE_QUIET, [rules, causes]); // L5
  }

  private async tell(due: DueRow): Promise<void> {
    const { rule, cause, said, since, condition, quiet_ms: quietMs } = due;
    const { publicUrl, clock, store, webhooks } = this.ports;
    const begun = since.toISOString();
    const message = {
      id: messageId(rule, cause, begun, due.told_at?.toISOString() ?? ''), // L2
      type: 'concordat.alert' as const,
      rule: { id: rule, name: due.name },
      condition,
      cause,
      said,
      since: begun,
      link: linkTo(publicUrl, placeOf(condition, cause)),
    };
    const told = await tell(webhooks, due.url, due.secret, message, clock.now());
    const failures = told.isDelivered ? 0 : due.failures + 1;
    const isOver = told.isDelivered || failures > RETRIES_MAX; // L4
    const againMs = isOver ? quietMs : Math.min(RETRY_FIRST_MS * 2 ** (failures - 1), RETRY_MAX_MS);
    const values = [rule, cause, told.isDelivered, isOver ? 0 : failures, againMs, told.said];
    await store.run(NOTE_TOLD, values);
  }
}
