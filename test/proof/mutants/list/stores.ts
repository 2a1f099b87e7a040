import type { Group, Mutant } from '../mutant.ts';

const mysql = 'libs/participant-sdk/src/mysql';
const redis = 'libs/participant-sdk/src/redis';
const signature = 'libs/wire/src/signature.ts';
const callerCheck = 'libs/participant-sdk/src/node/caller-check.ts';
const onMysql = ['test/barrier/local-work.spec.ts', 'test/barrier/two-phase.spec.ts'];
const moments = ['test/barrier/two-phase.spec.ts', 'test/barrier/mysql-moments.spec.ts'];
const onRedis = ['test/barrier/redis.spec.ts', 'test/barrier/redis-work.spec.ts'];
const ofSignatures = ['libs/wire/src/signature.spec.ts', 'test/participants/signatures.spec.ts'];

const ofStores: readonly Mutant[] = [
  {
    id: 'M1301',
    file: `${mysql}/statements/fence.ts`,
    find: `token = greatest(token, values(token))`,
    replace: `token = values(token)`,
    fault: 'on MariaDB the barrier admits lower tokens',
    killers: onMysql,
  },
  {
    id: 'M1302',
    file: 'libs/participant-sdk/src/passing.ts',
    find: `await passage.record(leavesNothing(handled) ? work : becomes, handled);`,
    replace: `await passage.record(becomes, handled);`,
    fault: 'work that was refused counts as done',
    killers: onMysql,
  },
  {
    id: 'M1303',
    file: `${mysql}/two-phase.ts`,
    find: `if (!committed) throw new Error('XA COMMIT was answered OK, and the work is not there'); // E7`,
    replace: '',
    fault: 'XA COMMIT is believed although the marker is not there',
    killers: ['test/barrier/mysql-crash.spec.ts'],
  },
  {
    id: 'M1304',
    file: `${mysql}/two-phase.ts`,
    find: `const answer = answerSoFar(seen); // E10`,
    replace: `const answer = seen.type === 'lower' ? undefined : answerSoFar(seen);`,
    fault: 'a late commit ends what is being rolled back',
    killers: moments,
  },
  {
    id: 'M1305',
    file: `${mysql}/two-phase.ts`,
    find: `if (isRefused(no)) return recordVote(session, call, 'none', refusal(no.reason));`,
    replace: `if (isRefused(no)) return { value: refusal(no.reason), end: 'rollback' };`,
    fault: 'on MariaDB a refusal to prepare is not recorded',
    killers: moments,
  },
  {
    id: 'M1306',
    file: `${mysql}/holds.ts`,
    find: `const timer = setTimeout(() => this.take(name)?.destroy(), this.holdMs);`,
    replace: `const timer = setTimeout(() => this.take(name)?.release(), this.holdMs);`,
    fault: 'a session that has prepared a branch goes back to the pool',
    killers: [...moments, 'test/barrier/mysql-crash.spec.ts'],
  },
  {
    id: 'M1307',
    file: `${redis}/scripts/commit.ts`,
    find: `if (redis.call('HGET', row, 'token') or '') ~= plan.seen then return 'moved' end`,
    replace: '',
    fault: 'two copies of a call at once both write to Redis',
    killers: onRedis,
  },
  {
    id: 'M1308',
    file: `${redis}/scripts/commit.ts`,
    find: `if digestOf(reply) ~= read.digest then return 'changed' end`,
    replace: '',
    fault: 'what a handler has read in Redis may have changed when it writes',
    killers: onRedis,
  },
  {
    id: 'M1309',
    file: `${redis}/scripts/commit.ts`,
    find: `if obstacle then return what .. ', which is a ' .. obstacle end`,
    replace: '',
    fault: 'a script that cannot do all of its writes does some of them',
    killers: onRedis,
  },
  {
    id: 'M1310',
    file: 'libs/participant-sdk/src/typeorm/lend-manager.ts',
    find: `Object.assign(runner, { isTransactionActive: true, transactionDepth: 1 }); // M2`,
    replace: '',
    fault: 'a save of TypeORM commits the transaction of the barrier',
    killers: ['test/participants/typeorm.spec.ts'],
  },
  {
    id: 'M1311',
    file: `${mysql}/two-phase.ts`,
    find: `return { value: acknowledged, end: 'commit' };`,
    replace: `return { value: acknowledged, end: 'rollback' };`,
    fault: 'on MariaDB a rollback is acknowledged before it is on the disk',
    killers: ['test/barrier/mysql-crash.spec.ts'],
  },
];

const ofCallers: readonly Mutant[] = [
  {
    id: 'M1401',
    file: signature,
    find: `if (Math.abs(nowMs - atSeconds * 1_000) > toleranceMs) return 'out-of-time'; // S3`,
    replace: '',
    fault: 'a signature is good for ever',
    killers: ofSignatures,
  },
  {
    id: 'M1402',
    file: signature,
    find: `String(atSeconds), method, path, ...named, bodyDigest]`,
    replace: `String(atSeconds), method, ...named, bodyDigest]`,
    fault: 'what is signed for one path is good for another',
    killers: ofSignatures,
  },
  {
    id: 'M1403',
    file: signature,
    find: `/^concordat-(?!signature$)/`,
    replace: `/^concordat-(?!signature$|token$)/`,
    fault: 'the fencing token is not signed',
    killers: ofSignatures,
  },
  {
    id: 'M1404',
    file: callerCheck,
    find: `if (secrets.length === 0) throw new Error('secrets must not be empty: nobody could call');`,
    replace: `if (secrets.length === 0) return everybody;`,
    fault: 'an empty list of secrets lets everybody in',
    killers: ofSignatures,
  },
  {
    id: 'M1405',
    file: callerCheck,
    find: `if (!isGood) throw refusal(`,
    replace: `if (!isGood && read.type === 'gone') throw refusal(`,
    fault: 'a wrong signature is heard',
    killers: ofSignatures,
  },
  {
    id: 'M1406',
    file: callerCheck,
    find: `if (typeof claim === 'string') throw refusal(`,
    replace: `if (claim === 'missing') return undefined;
      if (typeof claim === 'string') throw refusal(`,
    fault: 'who has not signed is refused only once the call was read',
    killers: ofSignatures,
  },
];

export const otherStores: Group = { title: 'The barrier on other stores', mutants: ofStores };
export const callers: Group = { title: 'Who calls', mutants: ofCallers };
