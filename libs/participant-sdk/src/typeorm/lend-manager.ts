// An EntityManager whose writes are in a local transaction that is under way already.
//
//   client, in a transaction ─▶ query runner on that client ─▶ its manager ─▶ handler
//
// M1. The runner is put on the client that the barrier's statements go through. That it is, is
//     looked at each time: on another connection, a handler would write beside the transaction.
// M2. The runner knows of the transaction: `manager.transaction()` is a savepoint in it, and `save`
//     begins and commits nothing. Who commits it all the same is out of order (D7 of
//     transaction.ts). Subscribers of TypeORM hear of the writes, and not of begin and commit.
// M3. What is lent ends with the handler: a manager that is kept is of no use. The client is not
//     the runner's own to give back.
import type { DataSource, EntityManager } from 'typeorm';
import type { Lend } from '../postgres/lend.js';

/** @param connectionOf what a runner of this driver holds in the place of the client */
export function lendManager<Client>(
  dataSource: DataSource,
  connectionOf: (client: Client) => unknown,
): Lend<Client, EntityManager> {
  return async (client, use) => {
    const runner = dataSource.createQueryRunner('master');
    const connection = connectionOf(client);
    Object.assign(runner, { databaseConnection: connection }); // M1
    Object.assign(runner, { isTransactionActive: true, transactionDepth: 1 }); // M2
    const actual: unknown = await runner.connect();
    if (actual !== connection) throw new Error('this version of TypeORM takes no connection');
    try {
      return await use(runner.manager);
    } finally {
      Object.assign(runner, { databaseConnection: undefined }); // M3
      await runner.release();
    }
  };
}
