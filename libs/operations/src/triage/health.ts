// How participants answer, as this process has seen it in the last minutes: in memory, for nothing
// is decided by it. Each answer costs an addition.
//
// A1. Time is cut into slots, the oldest of which are used again: what is told is of the last
//     WINDOW_MS, to a slot.
// A2. Bounded: of participants beyond TRACKED_MAX (URLs given inline) nothing is kept.
import type { Answer, Question } from '@concordat/engine';
import { cleaned } from '@concordat/wire';
import type { ParticipantHealthView } from '@concordat/wire/operations';
import type { OperationsPorts } from '../ports.js';
import { addTo, bucketOf, percentileOf } from './histogram.js';
import { timeOf } from './stored.js';

type Calls = NonNullable<ParticipantHealthView['calls']>;

interface Slot {
  /** Which stretch of time it is of, counted in SLOT_MS. */
  number: number;
  answered: number;
  inDoubt: number;
  refused: number;
  latency: Record<string, number>;
}

interface Tracked {
  readonly slots: Slot[];
  lastError?: { readonly text: string; readonly at: number };
  lastAnsweredAt?: number;
}

const WINDOW_MS = 300_000;
const SLOT_MS = 10_000;
const SLOTS = WINDOW_MS / SLOT_MS;
const TRACKED_MAX = 1_000;

export class Health {
  private readonly tracked = new Map<string, Tracked>();

  constructor(private readonly ports: Pick<OperationsPorts, 'clock'>) {}

  answered({ participant }: Question, answer: Answer, tookMs: number): void {
    const tracked = this.of(typeof participant === 'string' ? participant : participant.url);
    if (tracked === undefined) return;
    const now = this.ports.clock.now();
    const slot = slotAt(tracked, now);
    addTo(slot.latency, { [bucketOf(tookMs)]: 1 });
    if (answer.type === 'in-doubt') {
      slot.inDoubt += 1;
      tracked.lastError = { text: answer.reason, at: now };
      return;
    }
    slot.answered += 1;
    tracked.lastAnsweredAt = now;
    if (answer.type === 'balked') tracked.lastError = { text: answer.reason, at: now };
    const isNo = answer.type === 'reply' && answer.reply.type === 'refused';
    if (isNo || answer.type === 'balked') slot.refused += 1;
  }

  /** Null: it was not asked. */
  callsOf(participant: string): Calls | null {
    const tracked = this.tracked.get(participant);
    const oldest = numberOf(this.ports.clock.now()) - SLOTS;
    const slots = tracked?.slots.filter(({ number }) => number > oldest) ?? [];
    if (tracked === undefined || slots.length === 0) return null;
    const latency: Record<string, number> = {};
    for (const slot of slots) addTo(latency, slot.latency);
    const { lastError, lastAnsweredAt } = tracked;
    return {
      windowMs: WINDOW_MS,
      answered: sum(slots, 'answered'),
      inDoubt: sum(slots, 'inDoubt'),
      refused: sum(slots, 'refused'),
      p50Ms: percentileOf(latency, 0.5),
      p95Ms: percentileOf(latency, 0.95),
      ...(lastError === undefined
        ? {}
        : { lastError: cleaned(lastError.text), lastErrorAt: timeOf(lastError.at) }),
      ...(lastAnsweredAt === undefined ? {} : { lastAnsweredAt: timeOf(lastAnsweredAt) }),
    };
  }

  /** A2. */
  private of(participant: string): Tracked | undefined {
    const tracked = this.tracked.get(participant);
    if (tracked !== undefined || this.tracked.size >= TRACKED_MAX) return tracked;
    const fresh: Tracked = { slots: [] };
    this.tracked.set(participant, fresh);
    return fresh;
  }
}

/** A1. */
function slotAt({ slots }: Tracked, now: number): Slot {
  const number = numberOf(now);
  const index = number % SLOTS;
  const slot = slots[index];
  if (slot?.number === number) return slot;
  const fresh: Slot = { number, answered: 0, inDoubt: 0, refused: 0, latency: {} };
  slots[index] = fresh;
  return fresh;
}

function numberOf(now: number): number {
  return Math.floor(now / SLOT_MS);
}

function sum(slots: readonly Slot[], what: 'answered' | 'inDoubt' | 'refused'): number {
  return slots.reduce((total, slot) => total + slot[what], 0);
}
