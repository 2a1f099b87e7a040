// Servers that are not at hand: MySQL, Galera, old ones. What the variables say is judged here.
import { describe, expect, test } from 'vitest';
import { serverFindings } from './self-test-findings.js';

const mariadb = {
  version: '10.11.19-MariaDB-0+deb12u1',
  version_comment: 'Debian 12',
  read_only: 'OFF',
  default_storage_engine: 'InnoDB',
  innodb_flush_log_at_trx_commit: '1',
  log_bin: 'OFF',
  sync_binlog: '0',
};
const mysql = {
  ...mariadb,
  version: '8.0.36',
  version_comment: 'MySQL Community Server - GPL',
  super_read_only: 'OFF',
  xa_detach_on_prepare: 'ON',
  log_bin: 'ON',
  sync_binlog: '1',
};

/** What does not pass, with its finding. */
function trouble(variables: Record<string, string>): Record<string, string> {
  const checks = serverFindings(new Map(Object.entries(variables)));
  const bad = checks.filter(({ verdict }) => verdict !== 'passes');
  return Object.fromEntries(bad.map((check) => [`${check.name} ${check.verdict}`, check.finding]));
}

describe('MariaDB', () => {
  test('10.11 passes, and so does any later one', () => {
    expect(trouble(mariadb)).toEqual({});
    expect(trouble({ ...mariadb, version: '11.8.3-MariaDB' })).toEqual({});
    expect(trouble({ ...mariadb, version: '10.5.0-MariaDB' })).toEqual({});
  });

  test('before 10.5 fails: a prepared branch ended with its session', () => {
    const found = trouble({ ...mariadb, version: '10.4.34-MariaDB' });
    expect(found).toEqual({ 'version fails': expect.stringContaining('upgrade to 10.5.0') });
  });

  test('in a Galera cluster fails', () => {
    const found = trouble({ ...mariadb, wsrep_on: 'ON' });
    expect(found).toEqual({ 'wsrep_on fails': expect.stringContaining('does not support XA') });
  });
});

describe('MySQL', () => {
  test('8.0.29 and later is a risk: it was not tested', () => {
    for (const version of ['8.0.29', '8.4.0', '9.1.0']) {
      const found = trouble({ ...mysql, version });
      expect(found).toEqual({ 'version risk': expect.stringContaining('not tested') });
    }
  });

  test('before 8.0.29 fails', () => {
    for (const version of ['8.0.28', '5.7.44-log']) {
      expect(trouble({ ...mysql, version })).toHaveProperty('version fails');
    }
  });

  test('that does not detach branches is a risk', () => {
    const found = trouble({ ...mysql, xa_detach_on_prepare: 'OFF' });
    expect(found).toHaveProperty('xa_detach_on_prepare risk');
  });

  test('that is a replica fails', () => {
    expect(trouble({ ...mysql, super_read_only: 'ON' })).toHaveProperty('read_only fails');
  });
});

test('a server that says nothing of itself does not pass', () => {
  const found = trouble({});
  expect(found).toHaveProperty('version fails');
  expect(found).toHaveProperty('innodb_flush_log_at_trx_commit risk');
});
