// What handlers write through: the client that is in the local transaction, or something that is
// made of it for as long as a handler runs, such as TypeORM's EntityManager.
import type { PoolClient } from 'pg';

/** Resolves and rejects as `use` does. What it has lent is of no use afterwards. */
export type Lend<Client, Tx> = <Value>(
  client: Client,
  use: (tx: Tx) => Promise<Value>,
) => Promise<Value>;

export const asItIs: Lend<PoolClient, PoolClient> = (client, use) => use(client);
