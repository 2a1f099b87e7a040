import { isQuestion } from '@concordat/protocols';
import { operationsOf } from '@concordat/wire';
import { observedSchema } from '@concordat/wire/operations';
import { describe, expect, test } from 'vitest';
import { agreementOf, replyFor } from './answering.js';

/** What a person says of an operation, which reply that is, and which observations agree. */
const TABLE = `
  prepare           done     prepared      prepared
  prepare           refused  refused       rolled-back
  commit            done     acknowledged  committed
  commit            refused  -
  rollback          done     acknowledged  rolled-back
  rollback          refused  -
  commit-one-phase  done     acknowledged  committed
  commit-one-phase  refused  refused       rolled-back
  can-commit        done     -
  can-commit        refused  refused       rolled-back
  pre-commit        done     -
  pre-commit        refused  -
  do-commit         done     acknowledged  committed
  do-commit         refused  -
  abort             done     acknowledged  rolled-back
  abort             refused  -
  elect             done     -
  elect             refused  -
  pre-abort         done     -
  pre-abort         refused  -
  try               done     tried         prepared
  try               refused  refused       rolled-back
  confirm           done     acknowledged  committed
  confirm           refused  -
  cancel            done     acknowledged  rolled-back
  cancel            refused  -
  execute           done     done          committed
  execute           refused  refused       rolled-back
  compensate        done     acknowledged  rolled-back
  compensate        refused  -
`;

const operations = Object.values(operationsOf).flat();
const rows = operations.flatMap((operation) =>
  (['done', 'refused'] as const).map((as) => ({ operation, as })),
);

describe('what a person says', () => {
  test('is a reply that the operation can have, and agrees with one observation alone', () => {
    const lines = rows.map(({ operation, as }) => {
      const reply = replyFor({ operation }, as);
      if (typeof reply === 'string') return [operation, as, '-'];
      const agree = observedSchema.options.filter(
        (observed) => agreementOf(operation, as, observed) === 'agrees',
      );
      return [operation, as, reply.type, ...agree];
    });
    const expected = TABLE.trim().split('\n');
    expect(lines).toEqual(expected.map((line) => line.trim().split(/ +/)));
  });

  test.each(rows)('$operation, $as: no answer and no trace prove nothing', (row) => {
    const isVote = row.as === 'done' && ['prepare', 'can-commit', 'try'].includes(row.operation);
    for (const observed of ['unknown', 'unreachable', 'absent'] as const) {
      const agreement = agreementOf(row.operation, row.as, observed);
      expect(agreement).toBe(isVote ? 'unseen' : 'cannot-tell'); // Z5
    }
  });

  test('is no refusal of an order, nor of a step after the pivot', () => {
    for (const { operation } of rows.filter((row) => !isQuestion(row.operation))) {
      expect(replyFor({ operation }, 'refused')).toEqual(expect.any(String));
    }
    expect(replyFor({ operation: 'execute', retriable: true }, 'refused')).toMatch(/pivot/);
  });
});
