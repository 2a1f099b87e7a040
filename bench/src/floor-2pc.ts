// The floor of two-phase commit over two databases: the statements of the application one after the
// other, as an application makes them, then PREPARE TRANSACTION at both in parallel, then COMMIT
// PREPARED at both in parallel. No log at all: the first crash would cost money.
import type pg from 'pg';
import { CHANGE, openBank } from './bank-databases.js';
import { serveByHand } from './by-hand-server.js';
import type { TransferPayload } from './requests.js';

const banks = [
  await openBank(process.env['BANK_A_URL']),
  await openBank(process.env['BANK_B_URL']),
];

serveByHand<TransferPayload>(async (id, { branches }) => {
  const sessions: pg.PoolClient[] = [];
  for (const [number, { payload }] of branches.entries()) {
    const session = await bankAt(number).connect();
    sessions.push(session);
    await session.query('begin');
    await session.query(CHANGE, [payload.account, payload.amount]);
  }
  await Promise.all(sessions.map((session, number) => prepare(session, `floor-${id}-${number}`)));
  await Promise.all(
    branches.map((_, number) => bankAt(number).query(`commit prepared 'floor-${id}-${number}'`)),
  );
});

async function prepare(session: pg.PoolClient, gid: string): Promise<void> {
  await session.query(`prepare transaction '${gid}'`);
  session.release();
}

function bankAt(number: number): pg.Pool {
  const bank = banks[number];
  if (bank === undefined) throw new Error('there are two banks');
  return bank;
}
