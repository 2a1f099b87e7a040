// What a self-test has found on a MariaDB or MySQL server, in plain words. Pure.
import type { SelfTestCheck } from '@concordat/engine';
import { failed, passed, risk } from '../findings.js';
import { CREATE_OUTCOME_TABLE } from './statements/outcome-row.js';

/** The server's variables that matter, by their names; a server may not have some. */
export type ServerFacts = ReadonlyMap<string, string>;

export function factsOf(
  rows: readonly { readonly Variable_name: string; readonly Value: string }[],
): ServerFacts {
  return new Map(rows.map(({ Variable_name: name, Value: value }) => [name, value]));
}

export function serverFindings(facts: ServerFacts): readonly SelfTestCheck[] {
  return [
    passed('connection', 'it answers'),
    version(facts),
    ...detaching(facts),
    primary(facts),
    galera(facts),
    engine(facts),
    durability(facts),
    binlog(facts),
  ];
}

/** @param reason why there is no connection */
export function unconnected(reason: string): SelfTestCheck {
  return failed('connection', `it cannot be asked: ${reason}; check its address and its password`);
}

export function outcomeTable(isThere: boolean): SelfTestCheck {
  const name = 'concordat_outcome';
  if (isThere) return passed(name, 'the table of the outcome rows is there');
  return risk(
    name,
    'there is no table of outcome rows that this account may read, or make: run' +
      CREATE_OUTCOME_TABLE.replaceAll(/\s+/g, ' '),
  );
}

/**
 * Nothing depends on it but what a person sees when sessions wait for a prepared branch.
 * @param why it cannot be seen; undefined if it can
 */
export function blockedSessions(why: string | undefined): SelfTestCheck {
  const name = 'blocked_sessions';
  if (why === undefined) return passed(name, 'this account sees who waits for a prepared branch');
  return passed(name, `this account does not see who waits for a prepared branch: ${why}`);
}

/** Since then a prepared branch outlives its session (MDEV-742), or is detached from it. */
const MARIADB_MIN = [10, 5, 0];
const MYSQL_MIN = [8, 0, 29];

function version(facts: ServerFacts): SelfTestCheck {
  const name = 'version';
  const version = facts.get('version') ?? 'of an unknown version';
  const mariadb = isMariadb(facts);
  const what = `${mariadb ? 'MariaDB' : 'MySQL'} ${version}`;
  const min = mariadb ? MARIADB_MIN : MYSQL_MIN;
  if (isOlder(version, min)) {
    return failed(
      name,
      `${what} does not let another session end a branch: upgrade to ${min.join('.')} or later`,
    );
  }
  if (mariadb) return passed(name, what);
  return risk(name, `${what} was not tested with Concordat: try it out before you rely on it`);
}

function detaching(facts: ServerFacts): readonly SelfTestCheck[] {
  const name = 'xa_detach_on_prepare';
  const value = facts.get(name);
  if (value === undefined) return []; // MariaDB has no such thing
  if (value === 'ON') return [passed(name, 'XA PREPARE detaches a branch from its session')];
  return [
    risk(
      name,
      'a branch can be ended only once its session is gone: set xa_detach_on_prepare = ON',
    ),
  ];
}

function primary(facts: ServerFacts): SelfTestCheck {
  const name = 'read_only';
  const isWritable = !isOn(facts.get('read_only')) && !isOn(facts.get('super_read_only'));
  if (isWritable) return passed(name, 'it is a primary');
  return failed(name, 'it is read-only, like a replica: register the primary, or unset read_only');
}

function galera(facts: ServerFacts): SelfTestCheck {
  const name = 'wsrep_on';
  if (!isOn(facts.get(name))) return passed(name, 'it is not in a Galera cluster');
  return failed(name, 'it is in a Galera cluster, which does not support XA: use TCC or a saga');
}

function engine(facts: ServerFacts): SelfTestCheck {
  const name = 'default_storage_engine';
  const value = facts.get(name) ?? 'unknown';
  if (value === 'InnoDB') return passed(name, 'tables are InnoDB unless they say otherwise');
  return risk(
    name,
    `tables are ${value} unless they say otherwise, and only InnoDB's take part in a branch: set ` +
      'default_storage_engine = InnoDB',
  );
}

function durability(facts: ServerFacts): SelfTestCheck {
  const name = 'innodb_flush_log_at_trx_commit';
  const value = facts.get(name) ?? 'unknown';
  if (value === '1') return passed(name, 'a vote is on disk before it is given');
  return risk(name, `it is ${value}, so that a power cut may lose prepared branches: set it to 1`);
}

function binlog(facts: ServerFacts): SelfTestCheck {
  const name = 'sync_binlog';
  const value = facts.get(name) ?? 'unknown';
  if (!isOn(facts.get('log_bin'))) return passed(name, 'there is no binary log');
  if (value === '1') return passed(name, 'the binary log is on disk before a commit is answered');
  return risk(
    name,
    `it is ${value}, so that after a power cut the binary log and the data may differ: set it to 1`,
  );
}

function isMariadb(facts: ServerFacts): boolean {
  return /mariadb/i.test(`${facts.get('version')} ${facts.get('version_comment')}`);
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && /^(ON|1|YES)$/i.test(value);
}

/** Such as 10.11.19-MariaDB-0+deb12u1. */
function isOlder(version: string, min: readonly number[]): boolean {
  const found = version.split(/[.-]/).map(Number);
  for (const [place, least] of min.entries()) {
    const part = found[place] ?? 0;
    if (part !== least) return !(part > least);
  }
  return false;
}
