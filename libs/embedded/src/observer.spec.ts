import type { NamedBranch } from '@concordat/engine';
import { InvariantViolation } from '@concordat/protocols';
import type { Note, Scan } from '@concordat/recovery';
import { asInstant } from '@concordat/wire';
import { expect, onTestFinished, test } from 'vitest';
import { reportingTo } from './observer.js';

const at = asInstant(0);
const counts = { others: 0, 'in-doubt': 0, reappeared: 0, orphaned: 0 };
const scan = (error: string | undefined): Scan => ({
  resourceManager: 'orders',
  at,
  tookMs: 1,
  error,
  counts,
});
const note: Note = {
  branch: { gid: 'concordat:c0ffee00:g:orders' } as NamedBranch,
  verdict: { standing: 'orphaned', action: { type: 'leave' }, reason: 'nobody knows it' },
  done: { type: 'failed', reason: 'no route' },
  firstSeenAt: at,
  scans: 2,
  at,
  resourceManager: 'orders',
};

function reporting() {
  const troubles: string[] = [];
  const troubled = (where: string, error: unknown): void => {
    troubles.push(`${where}: ${error instanceof Error ? error.message : String(error)}`);
  };
  return { troubles, troubled };
}

test('a database that cannot be asked is a trouble once, until that changes', () => {
  const { troubles, troubled } = reporting();
  const told = reportingTo({ troubled });
  for (const error of ['gone', 'gone', undefined, 'gone', 'full']) told.scanned(scan(error));
  expect(troubles).toEqual(['recovery: gone', 'recovery: gone', 'recovery: full']);
});

test('a note is a trouble, in a sentence', () => {
  const { troubles, troubled } = reporting();
  reportingTo({ troubled }).noted(note);
  expect(troubles).toEqual([
    'recovery: concordat:c0ffee00:g:orders: nobody knows it (failed, no route)',
  ]);
});

test('whoever wants them has notes and scans as they are', () => {
  const { troubles, troubled } = reporting();
  const heard: unknown[] = [];
  const observer = { troubled, noted: (one: Note) => heard.push(one) };
  const told = reportingTo({ ...observer, scanned: (one) => heard.push(one) });
  told.noted(note);
  told.scanned(scan('gone'));
  expect(heard).toEqual([note, scan('gone')]);
  expect(troubles).toEqual([]);
});

test('a program that is wrong is not a trouble: it ends', () => {
  const { troubled } = reportingTo(reporting());
  expect(() => troubled('anywhere', new InvariantViolation('no'))).toThrow(InvariantViolation);
});

test('where nobody listens, the process warns', async () => {
  const warnings: string[] = [];
  const listen = ({ name, message }: Error): void => void warnings.push(`${name}: ${message}`);
  process.on('warning', listen);
  onTestFinished(() => void process.off('warning', listen));
  reportingTo(undefined).troubled('decide', new Error('lost'));
  await expect.poll(() => warnings).toContain('ConcordatWarning: decide: lost');
});
