// A participant on a database with a synchronous standby that is gone. What was committed here and
// nowhere else can still be forgotten, by a failover: it is in doubt until it is read back in a way
// that implies that the standby has it.
import { nodeHandler } from '@concordat/participant-sdk';
import type { Operation, ProtocolName } from '@concordat/protocols';
import { Pool } from 'pg';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { Branch } from '../barrier/calling.js';
import { acknowledged, branchAt, reply, serve } from '../barrier/calling.js';
import { poolOf, preparedGids } from '../barrier/databases.js';
import { createEffects, effectsOf, scripted } from '../barrier/scripted.js';
import { MissingStandby } from '../support/missing-standby.js';
import { ownServer } from '../support/own-server.js';

const server = await ownServer();
await server.start();
const pool = poolOf(server.databaseUrl);
const servicePool = poolOf(server.databaseUrl);
await createEffects(pool);
const service = scripted(servicePool);
const url = await serve(nodeHandler(service.participant, { prefix: '' }));
const standby = new MissingStandby(pool);

afterAll(async () => {
  await servicePool.end();
  await pool.end();
});
afterEach(() => standby.isNotNeeded());

interface Case {
  readonly protocol: ProtocolName;
  /** What has happened before the standby goes. */
  readonly before: readonly Operation[];
  readonly operation: Operation;
  readonly says: object;
  /** What has had an effect in the end. */
  readonly effects: readonly string[];
  readonly payload?: string;
}

const tried = expect.objectContaining(reply('tried'));
const executed = expect.objectContaining(reply('done'));
const no = reply('refused', { note: 'not today' });

const cases: readonly (readonly [what: string, of: Case])[] = [
  [
    'the commit of a try',
    { protocol: 'tcc', before: [], operation: 'try', says: tried, effects: ['try'] },
  ],
  [
    'the commit of a confirm',
    {
      protocol: 'tcc',
      before: ['try'],
      operation: 'confirm',
      says: acknowledged,
      effects: ['confirm', 'try'],
    },
  ],
  [
    'the commit of a step',
    { protocol: 'saga', before: [], operation: 'execute', says: executed, effects: ['execute'] },
  ],
  [
    'the commit of a compensation',
    {
      protocol: 'saga',
      before: ['execute'],
      operation: 'compensate',
      says: acknowledged,
      effects: ['compensate', 'execute'],
    },
  ],
  [
    'the commit of a refusal',
    {
      protocol: 'saga',
      before: [],
      operation: 'execute',
      says: no,
      effects: [],
      payload: 'refuse',
    },
  ],
  [
    'the commit in one phase',
    {
      protocol: '2pc',
      before: [],
      operation: 'commit-one-phase',
      says: acknowledged,
      effects: ['commit-one-phase'],
    },
  ],
  [
    'PREPARE TRANSACTION',
    { protocol: '2pc', before: [], operation: 'prepare', says: reply('prepared'), effects: [] },
  ],
  [
    'a vote that prepares nothing',
    { protocol: '2pc', before: [], operation: 'prepare', says: no, effects: [], payload: 'refuse' },
  ],
  [
    'COMMIT PREPARED',
    {
      protocol: '2pc',
      before: ['prepare'],
      operation: 'commit',
      says: acknowledged,
      effects: ['prepare'],
    },
  ],
  [
    'ROLLBACK PREPARED',
    {
      protocol: '2pc',
      before: ['prepare'],
      operation: 'rollback',
      says: acknowledged,
      effects: [],
    },
  ],
];

const INTERRUPTIONS = ['pg_cancel_backend', 'pg_terminate_backend'] as const;

describe.each(cases)(
  '%s',
  (_, { protocol, before, operation, says, effects, payload = 'obey' }) => {
    /** Asks until the standby's absence was felt: the wait is ended, however often there is one. */
    async function interrupted(branch: Branch, token: number, how: (typeof INTERRUPTIONS)[number]) {
      const endedBefore = standby.ended;
      const answer = await standby.endingWaits(how, branch.call(operation, token));
      expect(standby.ended, 'waits for the standby that were ended').toBeGreaterThan(endedBefore);
      return answer;
    }

    test.each(INTERRUPTIONS)('is in doubt after %s, until the standby has it', async (how) => {
      const branch = branchAt(url, protocol, { payload });
      for (const [index, earlier] of before.entries()) await branch.call(earlier, index + 1);
      const token = before.length + 1;

      await standby.goes();
      expect((await interrupted(branch, token, how)).type).toBe('in-doubt');
      expect((await interrupted(branch, token, how)).type).toBe('in-doubt');
      expect((await interrupted(branch, token, how)).type).toBe('in-doubt');

      await standby.isNotNeeded();
      expect(await branch.call(operation, token)).toEqual(says);
      expect(await branch.call(operation, token)).toEqual(says);
      expect(await effectsOf(pool, branch.gtid)).toEqual(effects);
      if (operation === 'prepare') await branch.call('rollback', token + 1);
      expect(await preparedGids(pool)).toEqual([]);
    });
  },
);

test('a statement_timeout cuts the wait of COMMIT PREPARED short: that is no answer either', async () => {
  const hasty = new Pool({ connectionString: server.databaseUrl, statement_timeout: 200 });
  const { participant, reported } = scripted(hasty);
  const branch = branchAt(await serve(nodeHandler(participant, { prefix: '' })), '2pc', {
    payload: 'obey',
  });
  expect(await branch.call('prepare', 1)).toEqual(reply('prepared'));
  await standby.goes();
  expect((await branch.call('commit', 2)).type).toBe('in-doubt');
  expect(reported.join()).toContain('canceling wait for synchronous replication');
  expect(await effectsOf(pool, branch.gtid), 'it is committed here').toEqual(['prepare']);

  const again = branch.call('commit', 2); // a plain COMMIT, which no statement_timeout cuts
  await standby.aWait();
  await standby.isNotNeeded();
  expect(await again).toEqual(acknowledged);
  await hasty.end();
});
