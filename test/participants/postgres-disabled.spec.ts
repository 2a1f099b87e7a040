// A server as it comes out of the box: max_prepared_transactions = 0.
import { expect, onTestFinished, test } from 'vitest';
import { questionAbout } from './contract/bench.js';
import { newName } from './contract/subject.js';
import { postgresSubject } from './postgres-subject.js';

const subject = await postgresSubject({ max_prepared_transactions: 0 });

function open() {
  const manager = subject.open();
  onTestFinished(() => manager.close());
  return manager;
}

test('prepares nothing', async () => {
  await expect(subject.prepare(newName())).rejects.toThrow('prepared transactions are disabled');
});

test('fails the self-test, which names the setting and says that a restart is needed', async () => {
  const { verdict, checks } = await open().selfTest();
  expect(verdict).toBe('fails');
  const failed = checks.filter((check) => check.verdict === 'fails');
  expect(failed).toEqual([
    {
      name: 'max_prepared_transactions',
      verdict: 'fails',
      finding: expect.stringMatching(/set max_prepared_transactions = 200 .* a restart is needed$/),
    },
  ]);
});

test('votes no, lists nothing, and has rolled back whatever it is told to', async () => {
  const manager = open();
  const name = newName();
  expect(await manager.ask(questionAbout(name, 'prepare'))).toMatchObject({
    reply: { type: 'refused' },
  });
  expect(await manager.ask(questionAbout(name, 'rollback'))).toMatchObject({
    reply: { type: 'acknowledged' },
  });
  expect(await manager.prepared()).toEqual([]);
});
