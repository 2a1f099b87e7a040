// One action on many, from the command line.
import { bulkViewSchema } from '@concordat/wire/operations';
import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { Stuck } from './stuck.js';

const stuck = await Stuck.open();
const { api, concordat } = stuck;

test('what matches is rolled back, and nothing else; how far it is can be seen', async () => {
  const names = ['given up', 'given up', 'given up', 'kept'];
  const begun = await Promise.all(names.map((name) => stuck.undecided(name)));
  const run = ['bulk', 'run', 'rollback', '--name', 'given up', '--reason', 'the sale is over'];
  expect(await concordat.tells(...run, '--dry-run')).toMatch(/^would: .*3/);
  expect(await concordat.tells(...run)).toContain('rollback 3 with name=given up: 3 done');
  for (const [at, { gtid }] of begun.entries()) {
    if (names[at] === 'kept') expect(await api.find(gtid)).toMatchObject({ decision: 'undecided' });
    else expect(await api.untilEnded(gtid)).toMatchObject({ outcome: 'rolled-back' });
  }
  expect(await concordat.tells('bulk', 'list')).toContain('the sale is over');
});

test('one that runs is paused, and cancelled', async () => {
  await Promise.all(Array.from({ length: 8 }, () => stuck.decided('slowly')));
  const run = [
    'bulk',
    'run',
    'pause',
    '--name',
    'slowly',
    '--reason',
    'slowly',
    '--per-second',
    '1',
  ];
  const { id } = bulkViewSchema.parse(await concordat.json(...run, '--no-follow'));
  expect(await concordat.tells('bulk', 'pause', id, '--reason', 'wait')).toContain('paused');
  expect(await concordat.tells('bulk', 'resume', id, '--reason', 'go')).toContain('running');
  expect(await concordat.tells('bulk', 'cancel', id, '--reason', 'enough')).toContain('cancelled');
  const { done } = bulkViewSchema.parse(await concordat.json('bulk', 'show', id));
  expect(done).toBeLessThan(8);
});

test('one that has stopped is resumed, and to steer one is not tried out', async () => {
  await Promise.all(Array.from({ length: 3 }, () => stuck.decided('too late')));
  const why = ['--reason', 'the sale is over'];
  const run = ['bulk', 'run', 'rollback', '--name', 'too late', ...why, '--failures-max', '1'];
  const { code, out } = await concordat.run(...run, '--per-second', '1', '--json');
  const { id } = bulkViewSchema.parse(JSON.parse(out));
  expect([code, (await shown(id)).state]).toEqual([1, 'stopped']);
  const resume = ['bulk', 'resume', id, ...why, '--failures-max', '1'];
  expect(await concordat.run(...resume, '--dry-run')).toMatchObject({ code: 2, out: '' });
  expect(await shown(id)).toMatchObject({ state: 'stopped', failed: 1 });
  expect(await concordat.tells(...resume)).toContain('running');
  await eventually('it has stopped again', async () => (await shown(id)).state === 'stopped');
  expect(await shown(id)).toMatchObject({ total: 3, failed: 2 });
});

async function shown(id: string) {
  return bulkViewSchema.parse(await concordat.json('bulk', 'show', id));
}

test('to all that there are is not understood', async () => {
  const { code, err } = await concordat.run('bulk', 'run', 'pause', '--reason', 'all');
  expect(code).toBe(2);
  expect(err).toContain('too many');
});
