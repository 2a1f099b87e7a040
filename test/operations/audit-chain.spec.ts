// The audit's chain as Postgres makes it, followed by whoever verifies it.
import type { AuditLine } from '@concordat/engine';
import { openJournal } from '@concordat/journal';
import { verifyAudit } from '@concordat/operations';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, expect, test } from 'vitest';
import { databaseFromTemplate } from '../support/databases.js';

const { databaseUrl, pool } = await databaseFromTemplate();
const { audited, database, close } = await openJournal({ databaseUrl, owner: 'here' });
afterAll(() => close());

function line(reason: string): AuditLine {
  const actor = { kind: 'key', id: 'k1', name: 'Ada' } as const;
  const plain = {
    id: uuidv7(),
    actor,
    action: 'test.done',
    stage: 'done',
    tenant: 'acme',
  } as const;
  return { ...plain, target: {}, reason };
}

const nothing = (): Promise<void> => Promise.resolve();
const verdict = () => verifyAudit((statement, values) => database.run(statement, values));

test('is intact as it is written, whoever writes at once, and in whatever script', async () => {
  await audited(line('first'), nothing);
  await Promise.all(['ä', '漢字', '"\\', '🙂'].map((reason) => audited(line(reason), nothing)));
  const { rows } = await pool.query<{ hash: string }>(
    `select encode(hash, 'hex') as hash from concordat.audit order by seq desc limit 1`,
  );
  expect(await verdict()).toMatchObject({ intact: true, lines: 5, head: rows[0]?.hash });
});

test('is broken by whoever changes when something was done', async () => {
  await pool.query('alter table concordat.audit disable trigger audit_append_only');
  await pool.query(`update concordat.audit set at = at + interval '1 microsecond' where seq = 2`);
  expect(await verdict()).toMatchObject({ intact: false, brokenAt: 2 });
});
