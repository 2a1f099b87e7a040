import { expect, test } from 'vitest';
import type { Aim, Work } from './barrier-rule.js';
import { verdict } from './barrier-rule.js';

const works: readonly Work[] = ['none', 'done', 'read-only', 'completed', 'undone'];
const aims: readonly Aim[] = ['forward', 'one-phase', 'complete', 'undo'];

function cell(aim: Aim, work: Work): string {
  const what = verdict(aim, work);
  switch (what.type) {
    case 'contradiction':
      return '?';
    case 'run':
      return `run, ${what.becomes}`;
    case 'answer':
      return `${what.answer.reply.type}, ${what.becomes}`;
  }
}

/** Columns: what has become of the work. Rows: what the next call wants of it. */
const TABLE = `
           none                        done            read-only                completed                    undone
forward    run, done                   ?               ?                        ?                            ?
one-phase  run, completed              ?               ?                        ?                            ?
complete   heuristic-rollback, undone  run, completed  acknowledged, read-only  acknowledged, completed      heuristic-rollback, undone
undo       acknowledged, undone        run, undone     acknowledged, read-only  heuristic-commit, completed  acknowledged, undone
`;

test.each(aims)('what the next call means to the work so far: %s', (aim) => {
  const row = TABLE.split('\n').find((line) => line.startsWith(`${aim} `)) ?? '';
  expect([aim, ...works.map((work) => cell(aim, work))]).toEqual(row.split(/ {2,}/));
});
