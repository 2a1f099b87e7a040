// A chain that was made here, by its definition; and whatever could be done to it.
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Run } from '../ports.js';
import type { AuditRow, Link } from './chain.js';
import { verifyAudit } from './verify.js';

const LINES = 6;
const GTID = '01939f6c-7e01-7c4a-9d0e-3f1b2a6c8d55';

function hashed(before: string, seq: number, { micros, line }: Pick<AuditRow, 'micros' | 'line'>) {
  const text = Buffer.from(`${seq} ${micros} ${line}`, 'utf8');
  return createHash('sha256').update(Buffer.from(before, 'hex')).update(text).digest('hex');
}

/** @param reason of each line */
function chainOf(reason: string, from: readonly AuditRow[] = []): readonly AuditRow[] {
  const rows = [...from];
  for (let seq = rows.length + 1; seq <= LINES; seq += 1) {
    const plain = { id: `id-${seq}`, tenant: 'acme', action: 'test.done' };
    const line = { ...plain, actor: { id: 'ada' }, target: { gtid: GTID }, reason };
    const said = { micros: `${seq}000000`, line: JSON.stringify(line) };
    const hash = hashed(rows.at(-1)?.hash ?? '', seq, said);
    rows.push({ seq, ...plain, actor: 'ada', gtid: GTID, ...said, hash });
  }
  return rows;
}

const CHAIN = chainOf('why');
const [HEAD] = CHAIN.slice(-1).map(({ seq, hash }): Link => ({ seq, hash }));

/** A table that says `rows`, and beside it the head. */
function runOn(rows: readonly AuditRow[], head = HEAD): Run {
  const answers = {
    'audit-head': () => [head],
    'read-audit': ([after, upTo, limit]: readonly number[]) =>
      rows.filter(({ seq }) => seq > (after ?? 0) && seq <= (upTo ?? 0)).slice(0, limit),
  };
  return ({ name }, values) => {
    const answer = answers[name as keyof typeof answers];
    return Promise.resolve(answer(values as number[]) as never);
  };
}

function changed(seq: number, change: Partial<AuditRow>): readonly AuditRow[] {
  return CHAIN.map((row) => (row.seq === seq ? { ...row, ...change } : row));
}

test('what is as it was written is intact, and tells its head', async () => {
  expect(await verifyAudit(runOn(CHAIN))).toMatchObject({
    intact: true,
    lines: LINES,
    head: HEAD?.hash,
  });
});

test('the head that was kept has to be one of its own', async () => {
  expect((await verifyAudit(runOn(CHAIN), { kept: CHAIN[2]?.hash ?? '' })).intact).toBe(true);
  const other = await verifyAudit(runOn(CHAIN), { kept: 'ab'.repeat(32) });
  expect(other).toMatchObject({ intact: false, said: expect.stringContaining('that head') });
});

describe('it is told where it breaks', () => {
  const line = CHAIN[3]?.line ?? '';
  test.each<[string, Partial<AuditRow>, string]>([
    ['the line', { line: `${line} ` }, 'line 4 was changed'],
    ['its time', { micros: '4000001' }, 'line 4 was changed'],
    ['its hash', { hash: 'ab'.repeat(32) }, 'line 4 was changed'],
    ['whose it is', { tenant: 'other' }, 'the tenant beside line 4 was changed'],
    ['who did it', { actor: 'bob' }, 'the actor beside line 4 was changed'],
    ['what was done', { action: 'test.other' }, 'the action beside line 4 was changed'],
    ['its number', { id: 'id-9' }, 'the id beside line 4 was changed'],
    ['to what', { gtid: null }, 'the gtid beside line 4 was changed'],
  ])('where somebody has changed %s', async (_, change, what) => {
    const verdict = await verifyAudit(runOn(changed(4, change)));
    expect(verdict).toMatchObject({ intact: false, brokenAt: 4, lines: 3 });
    expect(verdict.said).toContain(what);
  });

  test.each([
    ['one', CHAIN.filter(({ seq }) => seq !== 4)],
    ['all from there on', CHAIN.slice(0, 3)],
  ])('where somebody has removed %s', async (_, rows) => {
    const verdict = await verifyAudit(runOn(rows));
    expect(verdict).toMatchObject({ intact: false, brokenAt: 4, lines: 3 });
    expect(verdict.said).toContain('line 4 is missing');
  });

  test('where the end was written anew, and fits', async () => {
    const verdict = await verifyAudit(runOn(chainOf('another reason', CHAIN.slice(0, 3))));
    expect(verdict).toMatchObject({ intact: false, brokenAt: LINES });
    expect(verdict.said).toContain('the head was changed');
  });
});
