// What is counted. Each metric costs the happy path one addition; nothing here is ever decided by.
import type { Agenda, Answer, Entry, Journal, ParticipantRef, Question } from '@concordat/engine';
import { summaryOf } from '@concordat/protocols';
import type { Done, Scan, Standing } from '@concordat/recovery';
import { standings } from '@concordat/recovery';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

const CALL_SECONDS = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30];

export class Metrics {
  private readonly registry = new Registry();

  private readonly begun = new Counter({
    name: 'concordat_transactions_begun_total',
    help: 'Global transactions begun by this instance.',
    labelNames: ['protocol'] as const,
    registers: [this.registry],
  });

  private readonly ended = new Counter({
    name: 'concordat_transactions_ended_total',
    help: 'Global transactions ended by this instance.',
    labelNames: ['protocol', 'outcome'] as const,
    registers: [this.registry],
  });

  private readonly calls = new Counter({
    name: 'concordat_calls_total',
    help: 'Calls to participants, by what came of them.',
    labelNames: ['participant', 'operation', 'answer'] as const,
    registers: [this.registry],
  });

  private readonly callSeconds = new Histogram({
    name: 'concordat_call_duration_seconds',
    help: 'How long participants took to answer, or were waited for.',
    labelNames: ['operation'] as const,
    buckets: CALL_SECONDS,
    registers: [this.registry],
  });

  private readonly appendErrors = new Counter({
    name: 'concordat_append_errors_total',
    help: 'Appends to the journal of which it is not known whether they were written.',
    registers: [this.registry],
  });

  private readonly appendConflicts = new Counter({
    name: 'concordat_append_conflicts_total',
    help: 'Appends that changed nothing: another instance was faster, or the key was taken.',
    registers: [this.registry],
  });

  private readonly leasesLost = new Counter({
    name: 'concordat_leases_lost_total',
    help: 'Leases that this instance wanted to renew when another had gone on already.',
    registers: [this.registry],
  });

  private readonly troubles = new Counter({
    name: 'concordat_troubles_total',
    help: 'Operating errors that the sweep makes up for, by where they happened.',
    labelNames: ['where'] as const,
    registers: [this.registry],
  });

  private readonly scans = new Counter({
    name: 'concordat_scans_total',
    help: 'Scans of resource managers for prepared branches; failed: it could not be asked.',
    labelNames: ['resource_manager', 'result'] as const,
    registers: [this.registry],
  });

  private readonly prepared = new Gauge({
    name: 'concordat_prepared_branches',
    help: 'Prepared branches as of the last scan that was answered, by what they are held for.',
    labelNames: ['resource_manager', 'standing'] as const,
    registers: [this.registry],
  });

  private readonly recoveries = new Counter({
    name: 'concordat_recoveries_total',
    help: 'Prepared branches that had reappeared or were orphaned, by what was done about them.',
    labelNames: ['resource_manager', 'standing', 'done'] as const,
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** In the text format of Prometheus. */
  text(): Promise<string> {
    return this.registry.metrics();
  }

  watchInFlight(inFlight: () => number): void {
    new Gauge({
      name: 'concordat_transactions_in_flight',
      help: 'Global transactions in the memory of this instance.',
      registers: [this.registry],
      collect() {
        this.set(inFlight());
      },
    });
  }

  appended({ transaction }: Entry): void {
    const { protocol } = transaction.current;
    if (transaction.version === 1) this.begun.inc({ protocol });
    const { outcome } = summaryOf(transaction);
    if (outcome !== undefined) this.ended.inc({ protocol, outcome });
  }

  answered({ participant, call }: Question, answer: Answer, tookMs: number): void {
    const { operation } = call;
    this.calls.inc({ participant: labelOf(participant), operation, answer: answer.type });
    this.callSeconds.observe({ operation }, tookMs / 1_000);
  }

  troubled(where: string): void {
    this.troubles.inc({ where });
  }

  scanned({ resourceManager, error, counts }: Scan): void {
    const result = error === undefined ? 'answered' : 'failed';
    this.scans.inc({ resource_manager: resourceManager, result });
    for (const standing of standings) {
      this.prepared.set({ resource_manager: resourceManager, standing }, counts[standing]);
    }
  }

  recovered(resourceManager: string, standing: Standing, done: Done['type']): void {
    this.recoveries.inc({ resource_manager: resourceManager, standing, done });
  }

  /** @returns `journal`, with the appends counted that have not written anything for certain */
  counting(journal: Journal): Journal {
    return {
      append: async (entry) => {
        try {
          const verdict = await journal.append(entry);
          if (verdict === 'conflict') this.appendConflicts.inc();
          return verdict;
        } catch (error) {
          this.appendErrors.inc();
          throw error;
        }
      },
      load: (gtid) => journal.load(gtid),
      findByKey: (key) => journal.findByKey(key),
    };
  }

  countingLeases(agenda: Agenda): Agenda {
    return {
      postpone: async (postponement) => {
        const kept = await agenda.postpone(postponement);
        if (kept === 'gone-on') this.leasesLost.inc();
        return kept;
      },
      takeDue: (limit, leaseMs) => agenda.takeDue(limit, leaseMs),
      take: (gtid, leaseMs) => agenda.take(gtid, leaseMs),
      handOver: () => agenda.handOver(),
    };
  }
}

/** URLs given inline are many, and may be nobody else's business. */
function labelOf(participant: ParticipantRef): string {
  return typeof participant === 'string' ? participant : 'inline';
}
