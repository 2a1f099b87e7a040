import { describe, expect, test } from 'vitest';
import { checked, failed, passed } from '../findings.js';
import type { Facts } from './self-test-findings.js';
import { facts, unconnected } from './self-test-findings.js';

const good: Facts = {
  version: '15.18',
  version_number: 150_018,
  in_recovery: false,
  read_only: false,
  prepared_max: 100,
  prepared_count: 3,
  synchronous_commit: 'on',
  standby_names: 'ANY 1 (a, b)',
  database: 'orders',
  role: 'app',
  is_superuser: false,
  reads_all_stats: true,
  foreign_owners: [],
  backend: 4711,
  is_pooled: false,
};

function verdictsOf(more: Partial<Facts>): Record<string, string> {
  const checks = facts({ ...good, ...more }).filter(({ verdict }) => verdict !== 'passes');
  return Object.fromEntries(
    checks.map(({ name, verdict, finding }) => [name, `${verdict}: ${finding}`]),
  );
}

describe('the self-test', () => {
  test('has nothing against a server that is as it should be', () => {
    expect(verdictsOf({})).toEqual({});
  });

  test.each([
    [{ version_number: 140_011 }, 'version', /^risk: .*15 to 18/],
    [{ version_number: 190_000 }, 'version', /^risk: /],
    [{ in_recovery: true }, 'primary', /^fails: .*register the primary/],
    [{ read_only: true }, 'primary', /^fails: .*default_transaction_read_only = off/],
    [{ prepared_max: 0, prepared_count: 0 }, 'max_prepared_transactions', /^fails: .*a restart is/],
    [{ prepared_count: 80 }, 'max_prepared_transactions', /^risk: 80 of 100 .*raise/],
    [{ standby_names: '' }, 'synchronous_replication', /^risk: .*may lose prepared branches/],
    [{ synchronous_commit: 'local' }, 'synchronous_replication', /^risk: .*set it to on/],
    [{ foreign_owners: ['shop'] }, 'privileges', /^risk: shop has .*app may not end/],
  ] as const)('of a server with %j says what to do', (more, name, finding) => {
    expect(verdictsOf(more)).toEqual({ [name]: expect.stringMatching(finding) });
  });

  test('lets a superuser end what others have prepared', () => {
    expect(verdictsOf({ is_superuser: true, foreign_owners: ['shop'] })).toEqual({});
  });

  test('says that there is a pooler, which is no harm', () => {
    expect(verdictsOf({ is_pooled: true })).toEqual({});
    const finding = (found: Facts) => facts(found).find(({ name }) => name === 'pooler')?.finding;
    expect(finding({ ...good, is_pooled: true })).toMatch(/by session or by transaction/);
    expect(finding(good)).not.toBe(finding({ ...good, is_pooled: true }));
  });

  test('says what to grant for seeing who is blocked, which is no harm without', () => {
    expect(verdictsOf({ reads_all_stats: false })).toEqual({});
    const finding = (found: Facts) =>
      facts(found).find(({ name }) => name === 'blocked_sessions')?.finding;
    expect(finding({ ...good, reads_all_stats: false })).toMatch(/grant pg_read_all_stats to app/);
    expect(finding(good)).not.toMatch(/grant/);
  });

  test('is as good as its worst check', () => {
    const { verdict } = checked(facts({ ...good, standby_names: '' }));
    expect(verdict).toBe('risk');
    expect(checked([...facts({ ...good, standby_names: '' }), failed('x', 'y')]).verdict).toBe(
      'fails',
    );
    expect(checked([passed('x', 'y')]).verdict).toBe('passes');
    expect(checked([unconnected('no route')]).verdict).toBe('fails');
  });
});
