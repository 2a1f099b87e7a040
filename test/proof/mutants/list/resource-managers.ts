import type { Group, Mutant } from '../mutant.ts';

const postgres = 'libs/participants/src/postgres';
const mysql = 'libs/participants/src/mysql';
const queue = 'libs/participants/src/queue';
const ofPostgres = [
  `${postgres}/verdicts.spec.ts`,
  'test/participants/postgres-contract.spec.ts',
  'test/participants/postgres.spec.ts',
];
const ofMysql = [
  `${mysql}/verdicts.spec.ts`,
  'test/participants/mysql-contract.spec.ts',
  'test/participants/mysql.spec.ts',
  'test/participants/mysql-branch.spec.ts',
];
const ofQueues = ['test/participants/queue.spec.ts'];

const onPostgres: readonly Mutant[] = [
  {
    id: 'M1001',
    file: `${postgres}/verdicts.ts`,
    find: `if (prepared_in !== database) {`,
    replace: `if (prepared_in !== database && !may_end) {`,
    fault: 'a vote is given for a branch of another database, which cannot be ended from here',
    killers: ofPostgres,
  },
  {
    id: 'M1002',
    file: `${postgres}/verdicts.ts`,
    find: `if (!may_end) {`,
    replace: `if (!may_end && xid === null) {`,
    fault: 'a vote is given for a branch that this role may not end',
    killers: ofPostgres,
  },
  {
    id: 'M1003',
    file: `${postgres}/verdicts.ts`,
    find: `      return endedBy('rollback', \`\${nothing}, and its transaction \${xid} has aborted\`);`,
    replace: `      return endedBy('commit', nothing);`,
    fault: 'what a person has rolled back counts as committed',
    killers: ofPostgres,
  },
  {
    id: 'M1004',
    file: `${postgres}/verdicts.ts`,
    find: `return isReplicated || server === undefined || server === seen.server;`,
    replace: `return isReplicated || server === undefined || server !== '';`,
    fault: 'an xid8 of another timeline proves a commit',
    killers: ofPostgres,
  },
  {
    id: 'M1005',
    file: `${postgres}/verdicts.ts`,
    find: `if (order === 'rollback') return acknowledged;`,
    replace: `return acknowledged;`,
    fault: 'a branch that is not there, and has left no evidence, counts as committed',
    killers: ofPostgres,
  },
  {
    id: 'M1006',
    file: `${postgres}/sessions.ts`,
    find: `if (warnings.length > 0) return unknown(`,
    replace: `if (warnings.length < 0) return unknown(`,
    fault: 'an end that its standby has not confirmed counts as done',
    killers: ofPostgres,
  },
  {
    id: 'M1007',
    file: `${postgres}/postgres-resource-manager.ts`,
    find: `if (ran.rows[0]?.in_recovery !== false) throw`,
    replace: `if (ran.rows[0]?.in_recovery === undefined) throw`,
    fault: 'a standby says that nothing is prepared',
    killers: ['test/participants/postgres-standby.spec.ts'],
  },
  {
    id: 'M1008',
    file: `${postgres}/postgres-resource-manager.ts`,
    find: `if (ran.type !== 'failed' || ran.sqlState !== UNDEFINED_OBJECT) return answerTo(operation, ran);`,
    replace: `if (ran.type !== 'failed') return answerTo(operation, ran);
    if (ran.sqlState === UNDEFINED_OBJECT) return acknowledged;`,
    fault: 'a missing gid (42704) is taken for done',
    killers: ofPostgres,
  },
];

const onMysql: readonly Mutant[] = [
  {
    id: 'M1101',
    file: `${mysql}/verdicts.ts`,
    find: `if (row?.type === 'pending') return inDoubt(LOST_TRACK);`,
    replace: '',
    fault: 'OK is believed although the outcome row is still pending',
    killers: ofMysql,
  },
  {
    id: 'M1102',
    file: `${mysql}/verdicts.ts`,
    find: `if (isPromised) return heuristic('rollback', \`\${gone}\${missing}\`);`,
    replace: `if (isPromised) return acknowledged();`,
    fault: 'an unknown name (XAER_NOTA) is taken for done',
    killers: ofMysql,
  },
  {
    id: 'M1103',
    file: `${mysql}/ending.ts`,
    find: `return { type: isListed(list, xid) ? 'held' : 'nothing' };`,
    replace: `return { type: 'nothing' };`,
    fault: 'a branch whose session is still connected counts as gone',
    killers: ofMysql,
  },
  {
    id: 'M1104',
    file: `${mysql}/outcome-rows.ts`,
    find: `text: \`set transaction isolation level \${level}\``,
    replace: `text: \`set transaction isolation level \${level === '' ? '' : 'read uncommitted'}\``,
    fault: 'what is only prepared is read as committed',
    killers: ofMysql,
  },
  {
    id: 'M1105',
    file: `${mysql}/mysql-resource-manager.ts`,
    find: `if (!isListed(list, xid)) return notPrepared(nameOf(xid));`,
    replace: '',
    fault: 'a vote is given for a branch that is not prepared',
    killers: ofMysql,
  },
  {
    id: 'M1106',
    file: `${mysql}/mysql-resource-manager.ts`,
    find: `await end(session, xid, decision, true);`,
    replace: `await end(session, xid, decision, false);`,
    fault: 'recovery believes OK without its outcome row',
    killers: ofMysql,
  },
  {
    id: 'M1107',
    file: `${mysql}/xa-branch.ts`,
    find: `this.poison ??= fault;`,
    replace: '',
    fault: 'a branch is prepared although a statement of it has failed',
    killers: ['test/participants/mysql-branch.spec.ts'],
  },
  {
    id: 'M1108',
    file: `${mysql}/xa-branch.ts`,
    find: `await this.run(text, [...values]);`,
    replace: `if (text === '') await this.run(text, [...values]);`,
    fault: 'a branch is prepared without its outcome row',
    killers: ofMysql,
  },
  {
    id: 'M1109',
    file: `${mysql}/rested.ts`,
    find: `const REST_MS = 120;`,
    replace: `const REST_MS = 0;`,
    fault: 'who asks often is told for ever that sessions wait which were let go',
    killers: ['test/operations/truth-blocks-mariadb.spec.ts'],
  },
];

const overQueues: readonly Mutant[] = [
  {
    id: 'M1201',
    file: `${queue}/job.ts`,
    find: `id: [gtid, branch, operation, token].join('~'), // J1`,
    replace: `id: [gtid, branch, operation].join('~'),`,
    fault: 'calls with other tokens share a job',
    killers: ofQueues,
  },
  {
    id: 'M1202',
    file: `${queue}/job.ts`,
    find: `return retriable !== true || answer.reply.type !== 'refused';`,
    replace: `return retriable !== true || answer.reply.type !== 'prepared';`,
    fault: 'a refusal of what must be done is repeated for ever',
    killers: ofQueues,
  },
  {
    id: 'M1203',
    file: `${queue}/queue-participants.ts`,
    find: `if (isLasting(answer, call)) return answer;`,
    replace: `if (isLasting(answer, call) || answer.type !== 'in-doubt') return answer;`,
    fault: 'a worker that was still working when it was asked is never asked again',
    killers: ofQueues,
  },
  {
    id: 'M1204',
    file: `${queue}/queue-participants.ts`,
    find: `return inDoubt(\`the job has failed: \${seen.reason}\`);`,
    replace: `return { type: 'reply', reply: { type: 'refused' } };`,
    fault: 'a job that has failed is taken for a no',
    killers: ofQueues,
  },
  {
    id: 'M1205',
    file: `${queue}/queue-participants.ts`,
    find: `        await queue.add(job); // Q3
`,
    replace: '',
    fault: 'a job that Redis has lost is not made again',
    killers: ['test/participants/queue-redis.spec.ts'],
  },
];

export const postgresAdapter: Group = { title: 'Postgres, from outside', mutants: onPostgres };
export const mysqlAdapter: Group = { title: 'MariaDB, from outside', mutants: onMysql };
export const queueAdapter: Group = { title: 'Participants behind queues', mutants: overQueues };
