// Postgres servers that are killed, and that turn read-only, under load: the coordinator's and the
// banks' (faults 47 and 49).
import { Client } from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import type { OwnServer } from '../support/own-server.js';
import { eventually } from '../support/eventually.js';
import { ownServer } from '../support/own-server.js';
import { House } from './load.js';

const TIMES = 2;
const TIMEOUT_MS = 120_000;
const READ_ONLY = '25006';

const servers = { journal: await ownServer(), banks: await ownServer() };
let house: House;

beforeAll(async () => {
  await Promise.all([servers.journal.start(), servers.banks.start()]);
  house = await House.open(servers.journal.databaseUrl, servers.banks.databaseUrl);
});

describe.each([
  ['journal', (): OwnServer => servers.journal],
  ['banks', (): OwnServer => servers.banks],
])('the server of the %s', (_, serverOf) => {
  test(
    'is killed under load, again and again: everything ends as it was told',
    async () => {
      const server = serverOf();
      const killed = new Set<number>();
      await house.under(async () => {
        while (killed.size < TIMES) {
          await house.isBusy();
          killed.add(await server.kill());
          await server.start();
        }
      });
      expect(killed.size).toBe(TIMES);
    },
    TIMEOUT_MS,
  );

  test(
    'turns read-only under load, and back: nobody takes that for a no',
    async () => {
      const operator = new Client({ connectionString: serverOf().databaseUrl });
      await operator.connect();
      await operator.query('create table if not exists attempt (n integer)');
      let refused = 0;
      await house.under(async () => {
        await house.isBusy();
        await operator.query('alter system set default_transaction_read_only = on');
        await operator.query('select pg_reload_conf()');
        const attempt = () => operator.query('insert into attempt values (1)').catch(codeOf);
        await eventually('it is read-only', async () => (await attempt()) === READ_ONLY);
        refused += 1;
        await operator.query('set default_transaction_read_only = off'); // in this session
        await operator.query('alter system set default_transaction_read_only = off');
        await operator.query('select pg_reload_conf()');
      });
      expect(refused, 'writes that it has refused').toBe(1);
      await operator.end();
    },
    TIMEOUT_MS,
  );
});

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : error;
}
