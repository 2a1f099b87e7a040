// What a self-test has found, in plain words: one sentence a check, with what to do. Pure.
import type { SelfTestCheck } from '@concordat/engine';
import { failed, passed, risk } from '../findings.js';

/** What FACTS returns, and one thing more. */
export interface Facts {
  /** As people write it, and as in 150018 for 15.18. */
  readonly version: string;
  readonly version_number: number;
  readonly in_recovery: boolean;
  readonly read_only: boolean;
  readonly prepared_max: number;
  /** Of the whole server. */
  readonly prepared_count: number;
  readonly synchronous_commit: string;
  readonly standby_names: string;
  readonly database: string;
  readonly role: string;
  readonly is_superuser: boolean;
  /** Sees what the sessions of other roles do. */
  readonly reads_all_stats: boolean;
  readonly foreign_owners: readonly string[];
  readonly backend: number;
  /** Another server process answers from one transaction to the next, or may. */
  readonly is_pooled: boolean;
}

const VERSION_MIN = 150_000;
const VERSION_MAX = 189_999;
/** Part of max_prepared_transactions that may be in use before it is a risk. */
const IN_USE_MAX = 0.8;

export function facts(found: Facts): readonly SelfTestCheck[] {
  const { database, role } = found;
  return [
    passed('connection', `it answers, in the database ${database}, to the role ${role}`),
    version(found),
    primary(found),
    maxPrepared(found),
    replication(found),
    privileges(found),
    pooler(found),
    blockedSessions(found),
  ];
}

/** @param reason why there is no connection */
export function unconnected(reason: string): SelfTestCheck {
  return failed('connection', `it cannot be asked: ${reason}; check its address and its password`);
}

function version({ version, version_number }: Facts): SelfTestCheck {
  const isTested = version_number >= VERSION_MIN && version_number <= VERSION_MAX;
  if (isTested) return passed('version', `PostgreSQL ${version}`);
  return risk('version', `PostgreSQL ${version} is not one of 15 to 18, which this was made for`);
}

function primary({ in_recovery, read_only }: Facts): SelfTestCheck {
  const name = 'primary';
  if (in_recovery) {
    return failed(name, 'it is a standby, on which nothing can be prepared: register the primary');
  }
  if (!read_only) return passed(name, 'it is a primary');
  return failed(
    name,
    'its transactions are read-only: set default_transaction_read_only = off for this role and ' +
      'this database, or register the primary',
  );
}

function maxPrepared({ prepared_max: max, prepared_count: count }: Facts): SelfTestCheck {
  const name = 'max_prepared_transactions';
  if (max === 0) {
    return failed(
      name,
      'max_prepared_transactions is 0, so that nothing can be prepared: set ' +
        'max_prepared_transactions = 200 in postgresql.conf (at least as many as there are ' +
        'connections), on its standbys first; a restart is needed',
    );
  }
  const inUse = `${count} of ${max} prepared transactions are in use on this server`;
  if (count < max * IN_USE_MAX) return passed(name, inUse);
  return risk(
    name,
    `${inUse}: end those that nobody needs, or raise max_prepared_transactions (a restart is needed)`,
  );
}

function replication({ standby_names, synchronous_commit }: Facts): SelfTestCheck {
  const name = 'synchronous_replication';
  if (standby_names === '') {
    return risk(
      name,
      'synchronous_standby_names is empty: a failover may lose prepared branches; name a standby ' +
        'there, unless this server has none that could take over',
    );
  }
  if (synchronous_commit !== 'off' && synchronous_commit !== 'local') {
    return passed(name, `commits wait for ${standby_names}`);
  }
  return risk(
    name,
    `synchronous_commit is ${synchronous_commit} for this role, so its commits do not wait for a ` +
      'standby: a failover may bring branches back that have ended; set it to on',
  );
}

function privileges({ role, is_superuser, foreign_owners }: Facts): SelfTestCheck {
  const name = 'privileges';
  if (is_superuser) return passed(name, `${role} is a superuser, who may end every branch`);
  if (foreign_owners.length === 0) {
    return passed(name, `${role} may end what was prepared by ${role}: let services use this role`);
  }
  return risk(
    name,
    `${foreign_owners.join(', ')} has prepared branches here, which ${role} may not end: register ` +
      'that role, or a superuser',
  );
}

function pooler({ is_pooled }: Facts): SelfTestCheck {
  const name = 'pooler';
  if (!is_pooled) return passed(name, 'one server process answers, as without a pooler');
  return passed(
    name,
    'a pooler is in between: good, as long as it pools by session or by transaction',
  );
}

/** Nothing depends on it but what a person sees when sessions wait for a prepared branch. */
function blockedSessions({ role, reads_all_stats }: Facts): SelfTestCheck {
  const name = 'blocked_sessions';
  if (reads_all_stats) {
    return passed(name, `${role} sees who waits for a prepared branch, and with which query`);
  }
  return passed(
    name,
    `${role} sees that sessions of other roles wait for a prepared branch, but not their queries: ` +
      `to see those, grant pg_read_all_stats to ${role}`,
  );
}
