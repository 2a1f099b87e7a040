// The code against testdata/verdicts.md, which people have thought through; and what every sentence
// must and must not say.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Observed } from '@concordat/engine';
import type { Decision, Instant, Operation, ProtocolName } from '@concordat/protocols';
import { isQuestion, protocolNames } from '@concordat/protocols';
import { operationsOf, phasesOf } from '@concordat/wire';
import { describe, expect, test } from 'vitest';
import type { Word } from './situation.js';
import type { BranchCase } from './verdict.js';
import { judge } from './verdict.js';

const GOLDEN = path.join(import.meta.dirname, 'testdata/verdicts.md');
const NEXT_ATTEMPT_AT = Date.UTC(2026, 10, 20, 3, 14, 5) as Instant;

interface Cell {
  readonly title: string;
  readonly found: BranchCase;
  readonly severity: string;
  readonly code: string;
  readonly breaks: string;
  readonly byHand: boolean;
}

function cellsIn(text: string): readonly Cell[] {
  const cells: Cell[] = [];
  let [protocol, decision] = ['', ''];
  for (const line of text.split('\n')) {
    const heading = /^## (?<protocol>\w+), (?<decision>\w+)$/.exec(line)?.groups;
    if (heading !== undefined) [protocol = '', decision = ''] = Object.values(heading);
    const columns = line.split('|').map((column) => column.trim());
    if (columns.length !== 9 || columns[1] === 'phase' || columns[1]?.startsWith('---')) continue;
    cells.push(cellOf(protocol as ProtocolName, decision as Decision, columns));
  }
  return cells;
}

function cellOf(protocol: ProtocolName, decision: Decision, columns: readonly string[]): Cell {
  const [, phase = '', journal = '', asked = '', seen = '', severity = '', code = '', breaks = ''] =
    columns;
  const [observed = '', mark] = seen.split(' ');
  const [state = '', said] = journal.split(', ');
  const word = (said ?? 'its-own') as Word;
  const found = { protocol, decision, phase, state, word, observed: observed as Observed };
  const title = `${protocol} ${decision}: ${phase}, ${journal}, ${asked}, seen ${observed}`;
  return {
    title,
    found: { ...found, isPaused: false, isMoving: false, outstanding: outstandingIn(asked) },
    severity,
    code,
    breaks,
    byHand: mark === '✗',
  };
}

function outstandingIn(asked: string): BranchCase['outstanding'] {
  const call = /^(?<operation>[a-z-]+) ×(?<attempts>\d+)$/.exec(asked)?.groups;
  if (call === undefined) return undefined;
  const attempts = Number(call['attempts']);
  const nextAttemptAt = attempts === 0 ? undefined : NEXT_ATTEMPT_AT;
  return { operation: call['operation'] as Operation, attempts, nextAttemptAt };
}

const cells = cellsIn(readFileSync(GOLDEN, 'utf8'));
const OBSERVED: readonly Observed[] = [
  'prepared',
  'committed',
  'rolled-back',
  'absent',
  'unknown',
  'unreachable',
];
const DECISIONS: readonly Decision[] = ['commit', 'rollback', 'undecided'];

describe('the table', () => {
  const wanted = protocolNames.flatMap((protocol) =>
    DECISIONS.flatMap((decision) => OBSERVED.map((observed) => ({ protocol, decision, observed }))),
  );

  test.each(wanted)('has $protocol, $decision, $observed', ({ protocol, decision, observed }) => {
    const matching = cells.filter(
      ({ found }) =>
        found.protocol === protocol && found.decision === decision && found.observed === observed,
    );
    expect(matching).not.toEqual([]);
  });

  test.each(
    protocolNames.flatMap((protocol) => DECISIONS.map((decision) => ({ protocol, decision }))),
  )('has a branch that was ended by hand in $protocol, $decision', ({ protocol, decision }) => {
    const byHand = cells.filter(
      ({ found, byHand: isByHand }) =>
        isByHand && found.protocol === protocol && found.decision === decision,
    );
    expect(byHand).not.toEqual([]);
  });

  test('speaks of phases and calls that its protocol has', () => {
    const strange = cells.filter(({ found: { protocol, phase, outstanding } }) => {
      const phases: readonly string[] = phasesOf[protocol];
      const isCall =
        outstanding === undefined || operationsOf[protocol].includes(outstanding.operation);
      return !phases.includes(phase) || !isCall;
    });
    expect(strange).toEqual([]);
  });

  test('has each cell once', () => {
    expect(new Set(cells.map(({ title }) => title)).size).toBe(cells.length);
  });
});

describe('the verdict', () => {
  test.each(cells)('$title', ({ found, severity, code, breaks, byHand }) => {
    const judgement = judge(found);
    expect({
      severity: judgement.severity,
      code: judgement.code,
      breaks: judgement.breaks,
      byHand: judgement.byHand,
    }).toEqual({ severity, code, breaks, byHand });
  });
});

describe('the sentences', () => {
  test.each(cells)('$title', ({ found }) => {
    const { summary, consequence, safe, severity } = judge(found);
    for (const text of [summary, consequence]) expect(text).toMatch(/^[A-Z].*\.$/);
    for (const text of [summary, consequence, ...safe]) expect(text).not.toMatch(/ {2}|undefined/);
    if (severity !== 'fine') expect(safe).not.toEqual([]);
    if (severity === 'fine') expect(safe).toEqual([]);
  });

  test.each(cells.filter(({ breaks }) => breaks === 'commit' || breaks === 'rollback'))(
    'warn of the end that would break it: $title',
    ({ found, breaks, code }) => {
      if (code === 'as-recorded') return;
      const { consequence } = judge(found);
      expect(consequence).toMatch(WARNINGS[breaks as 'commit' | 'rollback']);
    },
  );

  test.each(cells.filter(({ found }) => found.decision !== 'undecided'))(
    'never say to ask for a rollback once it is decided: $title',
    ({ found }) => {
      expect(judge(found).safe.join()).not.toContain('ask for rollback');
    },
  );

  test.each(cells.filter(({ found }) => found.outstanding === undefined))(
    'never say to retry what is not outstanding: $title',
    ({ found }) => {
      expect(judge(found).safe.join()).not.toMatch(/retry now|resolve it/);
    },
  );

  test.each(cells.filter(({ found }) => found.outstanding?.nextAttemptAt !== undefined))(
    'say when it is asked again: $title',
    ({ found }) => {
      expect(judge(found).safe.at(-1)).toBe('wait: the next attempt is at 03:14:05 UTC');
    },
  );

  test.each(
    cells.filter(
      ({ found: { observed, outstanding } }) => observed === 'absent' && outstanding !== undefined,
    ),
  )('never say to answer in the place of a participant that holds nothing: $title', ({ found }) => {
    expect(judge(found).safe.join()).not.toContain('resolve it');
  });

  test.each(
    cells.filter(({ found: { phase } }) =>
      ['committing-one-phase', 'pivoting', 'pre-committing', 'electing', 'pre-aborting'].includes(
        phase,
      ),
    ),
  )('do not offer a rollback that would not be granted: $title', ({ found }) => {
    expect(judge(found).safe.join()).not.toContain('ask for rollback');
  });
});

const WARNINGS = {
  rollback: /to (roll it back|roll back|cancel|compensate|skip)|by hand|second answer/i,
  commit: /to (commit|confirm|execute|leave)|by hand|Nothing is broken|It is compensated/i,
};

describe('a transaction that is paused', () => {
  test.each(cells)('is resumed first: $title', ({ found }) => {
    const plain = judge(found);
    const { severity, safe } = judge({ ...found, isPaused: true });
    expect(severity).toBe(plain.severity === 'wait' ? 'attention' : plain.severity);
    expect(safe[0] ?? 'nothing').toMatch(
      plain.severity === 'fine' ? /^nothing$/ : /^resume the transaction/,
    );
  });
});

describe('a participant that is paused', () => {
  const heldBack = 'beta is paused: resume it first';
  test.each(cells.filter(({ found }) => found.outstanding !== undefined))(
    'is resumed first, and nobody is told to retry: $title',
    ({ found }) => {
      const plain = judge(found);
      const { severity, safe } = judge({ ...found, heldBack });
      expect(severity).toBe(plain.severity === 'wait' ? 'attention' : plain.severity);
      if (severity !== 'fine') expect(safe[0]).toBe(heldBack);
      expect(safe.join()).not.toMatch(/retry now|next attempt/);
      expect(judge({ ...found, heldBack, isPaused: true }).safe[0] ?? 'fine').toMatch(
        severity === 'fine' ? /^fine$/ : /^resume the transaction/,
      );
    },
  );
});

describe('a transaction that has gone on meanwhile', () => {
  test.each(cells)('is never called broken: $title', ({ found }) => {
    const { byHand, code } = judge({ ...found, isMoving: true });
    expect(byHand).toBe(false);
    expect(['gone-after-vote', 'reappeared', 'prepared-after-refusal']).not.toContain(code);
  });
});

test('a question that is outstanding is a question, and an order an order', () => {
  const calls = cells.flatMap(({ found }) => found.outstanding ?? []);
  expect(new Set(calls.map(({ operation }) => isQuestion(operation)))).toEqual(
    new Set([true, false]),
  );
});
