// Engines of several instances on one database, with participants that a test scripts.
import { randomUUID } from 'node:crypto';
import type {
  Answer,
  BeginRequest,
  BranchDefinition,
  EngineLimits,
  Ports,
  Question,
} from '@concordat/engine';
import { defaultLimits, Engine, systemTimers } from '@concordat/engine';
import type { JournalOptions } from '@concordat/journal';
import { openJournal } from '@concordat/journal';
import type { BranchId, Operation, Reply } from '@concordat/protocols';
import { onTestFinished } from 'vitest';
import { newGtid } from '../support/gtids.js';

export type Script = (question: Question) => Answer | Promise<Answer>;

export interface Instance {
  readonly engine: Engine;
  /** Every question that this instance has asked, in order. */
  readonly asked: Question[];
  readonly troubles: unknown[];
}

/** Short, so that tests of leases take no longer than they must. */
export const quickLimits: EngineLimits = { ...defaultLimits, leaseMs: 100, sweepPeriodMs: 50 };

/** An instance with a journal of its own on the database. Nothing wakes it but its sweep. */
export async function instanceOn(
  databaseUrl: string,
  script: Script,
  limits: Partial<EngineLimits> = {},
  change: (ports: Ports) => Ports = (ports) => ports,
  journalOptions: Partial<JournalOptions> = {},
): Promise<Instance> {
  const owner = `test-${randomUUID()}`;
  const opened = await openJournal({ databaseUrl, owner, ...journalOptions });
  const asked: Question[] = [];
  const troubles: unknown[] = [];
  const engine = new Engine(
    change({
      journal: opened.journal,
      agenda: opened.agenda,
      participants: {
        ask: async (question) => {
          asked.push(question);
          return script(question);
        },
      },
      wakeups: { ring: () => undefined },
      clock: opened.clock,
      timers: systemTimers,
      ids: { next: () => newGtid() },
      observer: {
        appended: () => undefined,
        answered: () => undefined,
        troubled: (_where, error) => troubles.push(error),
      },
    }),
    { ...quickLimits, ...limits },
  );
  onTestFinished(async () => {
    await engine.stop(0);
    await opened.close();
  });
  return { engine, asked, troubles };
}

export function branch(id: string, change: Partial<BranchDefinition> = {}): BranchDefinition {
  return {
    id: id as BranchId,
    participant: id,
    payload: null,
    dependsOn: [],
    pivot: false,
    onePhase: false,
    timeoutMs: 300,
    retry: { attemptsMax: null, firstDelayMs: 20, delayMaxMs: 100 },
    ...change,
  };
}

export function request(change: Partial<BeginRequest> = {}): BeginRequest {
  return {
    protocol: '2pc',
    name: null,
    metadata: {},
    deadlineMs: 20_000,
    traceparent: null,
    branches: [branch('bank'), branch('shop')],
    driven: true,
    ...change,
  };
}

const yes: Partial<{ readonly [O in Operation]: Reply['type'] }> = {
  prepare: 'prepared',
  'can-commit': 'prepared',
  try: 'tried',
  execute: 'done',
};

/** What a participant without troubles of its own answers. */
export const willing: Script = ({ call }) => {
  const type = yes[call.operation] ?? 'acknowledged';
  return { type: 'reply', reply: { type } as Reply };
};

/** A participant that never answers, until the test lets it. */
export function silence(): {
  readonly answer: Promise<Answer>;
  readonly speak: (answer: Answer) => void;
} {
  const { promise: answer, resolve: speak } = Promise.withResolvers<Answer>();
  return { answer, speak };
}
