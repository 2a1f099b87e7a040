// Two participants of 3PC in one schema: each answers for its own branches, and ends only them.
import { postgresStandings } from '@concordat/participant-sdk';
import { asBranchId, asGtid } from '@concordat/wire';
import { expect, test } from 'vitest';
import { acknowledged, reply } from './calling.js';
import { Member, Transaction } from './members.js';

const stock = await Member.open('stock');
const payment = await Member.sharing(stock, 'payment');

async function quiet(): Promise<void> {
  await stock.pool.query(`update concordat_standing set quiet_since = now() - interval '1 hour'`);
}

async function taken(member: Member): Promise<readonly string[]> {
  return (await member.standings.takeSilent(1_000, 10)).map(({ branch }) => branch);
}

async function doubted(member: Member, gtid: string): Promise<readonly string[]> {
  const doubts = await member.standings.inDoubt(100);
  return doubts.filter((doubt) => doubt.gtid === gtid).map(({ branch }) => branch);
}

test('each takes up its own branches alone', async () => {
  const transaction = new Transaction([stock, payment]);
  await transaction.allVote();
  for (const member of transaction.members) await transaction.preCommit(member);
  await quiet();
  expect(await taken(payment)).toEqual(['payment']);
  expect(await taken(stock)).toEqual(['stock']);
  expect(await doubted(payment, transaction.gtid)).toEqual(['payment']);
  expect(await doubted(stock, transaction.gtid)).toEqual(['stock']);
});

test('a call for a branch of the other one is in doubt, and says why', async () => {
  const transaction = new Transaction([stock, payment]);
  await transaction.allVote();
  const { gtid } = transaction;
  const wrong = postgresStandings(stock.pool, { name: 'payment' });
  const branch = { gtid: asGtid(gtid), branch: asBranchId('stock') };
  const reason = 'this branch belongs to the participant stock, and here is payment';
  await expect(wrong.find(branch)).rejects.toThrow(reason);
  await expect(wrong.promise(branch, 1)).rejects.toThrow(reason);
  const astray = payment.participant.answer({
    ...branch,
    from: 'participant',
    protocol: '3pc',
    operation: 'do-commit',
    traceparent: null,
    payload: null,
  });
  expect(await astray).toEqual({ type: 'in-doubt', reason });
  expect(await stock.deeds(gtid)).toEqual(['can-commit', 'can-commit']);
  expect(await transaction.at(stock).call('do-commit', 2)).toEqual(acknowledged);
});

test('a branch of a former version, which kept no name, is whoever is called for it', async () => {
  const transaction = new Transaction([stock, payment]);
  expect(await transaction.at(stock).call('can-commit', 1)).toMatchObject(reply('prepared'));
  await stock.pool.query('update concordat_standing set participant = null where gtid = $1', [
    transaction.gtid,
  ]);
  expect(await transaction.at(stock).call('do-commit', 2)).toEqual(acknowledged);
});
