import type { Group, Mutant } from '../mutant.ts';

const append = 'libs/journal/src/statements/append.ts';
const postpone = 'libs/journal/src/statements/postpone.ts';
const takeDue = 'libs/journal/src/statements/take-due.ts';
const groupCommit = 'libs/journal/src/group-commit.ts';
const database = 'libs/journal/src/database.ts';
const ofAppend = ['test/journal/append.spec.ts', 'test/journal/concurrency.spec.ts'];
const ofAgenda = ['test/journal/agenda.spec.ts'];
const ofBatches = ['libs/journal', 'test/journal/append.spec.ts'];
const ofFates = ['test/journal/unknown-fate.spec.ts'];

const statements: readonly Mutant[] = [
  {
    id: 'M701',
    file: append,
    find: `       where entry.version > 1 and entry.outcome is null
         and unfinished.gtid = entry.gtid and unfinished.version = entry.version - 1`,
    replace: `       where entry.version > 1 and entry.outcome is null
         and unfinished.gtid = entry.gtid`,
    fault: 'no compare-and-set: an advance overwrites whatever version is there',
    killers: ofAppend,
  },
  {
    id: 'M702',
    file: append,
    find: `       where entry.version > 1 and entry.outcome is not null
         and unfinished.gtid = entry.gtid and unfinished.version = entry.version - 1`,
    replace: `       where entry.version > 1 and entry.outcome is not null
         and unfinished.gtid = entry.gtid`,
    fault: 'no compare-and-set: an end overtakes whatever version is there',
    killers: ofAppend,
  },
  {
    id: 'M703',
    file: append,
    find: `        from finished
       union all`,
    replace: `        from finished where version < 1
       union all`,
    fault: 'tombstone forgotten: an ended transaction is not remembered',
    killers: ofAppend,
  },
  {
    id: 'M704',
    file: append,
    find: `delete from concordat.global_transaction unfinished using entry`,
    replace: `update concordat.global_transaction unfinished set version = entry.version from entry`,
    fault: 'an ended transaction stays among the unfinished ones',
    killers: ofAppend,
  },
  {
    id: 'M705',
    file: append,
    find: `select gtid, version, to_timestamp(at / 1000), line::json, definition::json`,
    replace: `select gtid, version, to_timestamp(at / 1000),
           '{"events":[],"opened":[]}'::json, definition::json`,
    fault: 'a version is written without its line of history',
    killers: ofAppend,
  },
  {
    id: 'M706',
    file: append,
    find: `where version = 1 and (key is null or gtid in (select gtid from keyed))`,
    replace: `where version = 1`,
    fault: 'the idempotency key is not checked',
    killers: ofAppend,
  },
  {
    id: 'M707',
    file: append,
    find: `select gtid, version, to_timestamp(at / 1000), line::json, definition::json`,
    replace: `select gtid, version, to_timestamp(at / 1000), line::json,
           case when version = 1 then definition::json end`,
    fault: 'a definition that has changed is not kept',
    killers: ofAppend,
  },
  {
    id: 'M708',
    file: append,
    find: `due_at = to_timestamp(entry.due_at / 1000),`,
    replace: `due_at = unfinished.due_at,`,
    fault: 'an advance does not say when somebody must look again',
    killers: ofAgenda,
  },
  {
    id: 'M709',
    file: postpone,
    find: `where unfinished.gtid = entry.gtid and unfinished.version = entry.version
    returning`,
    replace: `where unfinished.gtid = entry.gtid
    returning`,
    fault: 'a postponement changes a transaction that has moved on',
    killers: ofAgenda,
  },
  {
    id: 'M710',
    file: postpone,
    find: `due_at = to_timestamp(entry.due_at / 1000)`,
    replace: `due_at = unfinished.due_at`,
    fault: 'a postponement does not postpone',
    killers: ofAgenda,
  },
  {
    id: 'M711',
    file: takeDue,
    find: `for update skip locked`,
    replace: `for update`,
    fault: 'a sweep waits for what another instance is working on',
    killers: ofAgenda,
  },
  {
    id: 'M712',
    file: takeDue,
    find: `where due_at <= now()`,
    replace: `where due_at is not null`,
    fault: 'a sweep takes what is leased to another instance',
    killers: ofAgenda,
  },
  {
    id: 'M713',
    file: takeDue,
    find: `due_at = now() + $2 * interval '1 millisecond'`,
    replace: `due_at = least(due_at, now() + $2 * interval '1 millisecond')`,
    fault: 'what a sweep takes is not leased',
    killers: ofAgenda,
  },
  {
    id: 'M714',
    file: takeDue,
    find: `       order by due_at
`,
    replace: `       order by due_at desc
`,
    fault: 'a sweep leaves those for last that have been due longest',
    killers: ofAgenda,
  },
  {
    id: 'M715',
    file: 'libs/journal/src/statements/take.ts',
    find: `where gtid = $3 and due_at <= now()`,
    replace: `where gtid = $3`,
    fault: 'a wakeup takes what is leased to another instance',
    killers: ofAgenda,
  },
  {
    id: 'M716',
    file: 'libs/journal/src/statements/hand-over.ts',
    find: `where owner = $1 and due_at > now()`,
    replace: `where $1::text is not null and due_at > now()`,
    fault: 'an instance that stops hands over the leases of others',
    killers: ofAgenda,
  },
  {
    id: 'M717',
    file: 'libs/journal/src/statements/load.ts',
    find: `then pg_logical_emit_message(true, 'concordat', 'load') end as arrives_with`,
    replace: `then pg_current_wal_lsn() end as arrives_with`,
    fault: 'a decision is told that a failover may forget',
    killers: ofFates,
  },
];

const shell: readonly Mutant[] = [
  {
    id: 'M751',
    file: groupCommit,
    find: `batch[index]?.resolve(answer)`,
    replace: `batch[batch.length - 1 - index]?.resolve(answer)`,
    fault: 'the verdicts of a batch are mixed up',
    killers: ofBatches,
  },
  {
    id: 'M752',
    file: groupCommit,
    find: `if (error instanceof StatementRolledBack && batch.length > 1) await this.settleEach(batch);`,
    replace: `if (batch.length > 1) await this.settleEach(batch);`,
    fault: 'a batch whose fate is not known is repeated',
    killers: ofBatches,
  },
  {
    id: 'M753',
    file: groupCommit,
    find: `if (error instanceof StatementRolledBack && batch.length > 1) await this.settleEach(batch);`,
    replace: `if (error instanceof StatementRolledBack && batch.length < 1) await this.settleEach(batch);`,
    fault: 'a bad item takes its companions with it',
    killers: ofBatches,
  },
  {
    id: 'M754',
    file: 'libs/journal/src/postgres-journal.ts',
    find: `return rows.map(({ gtid }) => (gtids.has(gtid) ? 'appended' : 'conflict'));`,
    replace: `return rows.map(() => (gtids.size > 0 ? 'appended' : 'conflict'));`,
    fault: 'one verdict stands for a whole batch',
    killers: ofAppend,
  },
  {
    id: 'M755',
    file: database,
    find: `if (warnings.length === 0) return done;`,
    replace: `if (warnings.length >= 0) return done;`,
    fault: 'a commit that did not hear from its standby (01000) counts as done',
    killers: ofFates,
  },
  {
    id: 'M756',
    file: database,
    find: `const ROLLED_BACK = /^(22...|23...|40001|40P01)$/;`,
    replace: `const ROLLED_BACK = /^(22...|23...|40001|40P01|57P01)$/;`,
    fault: 'a session that was ended during a commit is taken for a rollback',
    killers: ofFates,
  },
  {
    id: 'M757',
    file: 'libs/journal/src/postgres-journal.ts',
    find: `if (error.sqlState === UNIQUE_VIOLATION) return 'conflict'; // begun already, perhaps long ended`,
    replace: `if (error.sqlState !== UNIQUE_VIOLATION) return 'conflict';`,
    fault: 'an entry that Postgres cannot hold counts as a conflict',
    killers: ofAppend,
  },
];

export const journalStatements: Group = {
  title: 'The statements of the journal',
  mutants: statements,
};
export const journalShell: Group = { title: 'What is known of a write', mutants: shell };
