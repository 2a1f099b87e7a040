// Two-phase commit over two databases by the module inside the application: the same statements as
// the floor's, made through TypeORM in one global transaction. JOURNAL_URL may be one of the banks'
// databases: that bank is then the last resource.
import { openEmbedded } from '@concordat/embedded';
import { DataSource } from 'typeorm';
import { CHANGE, openBank } from './bank-databases.js';
import { serveByHand } from './by-hand-server.js';
import type { TransferPayload } from './requests.js';

const CONNECTIONS = 64;

const urls = [process.env['BANK_A_URL'] ?? '', process.env['BANK_B_URL'] ?? ''];
const sources = await Promise.all(urls.map(openSource));
const databases = Object.fromEntries(sources.map((source, number) => [`bank-${number}`, source]));
const embedded = await openEmbedded({
  databaseUrl: process.env['JOURNAL_URL'] ?? '',
  databases,
});
embedded.start();

serveByHand<TransferPayload>((_, { branches }) =>
  embedded.globalTransactions.run(async () => {
    for (const [number, { payload }] of branches.entries()) {
      await sources[number]?.query(CHANGE, [payload.account, payload.amount]);
    }
  }),
);

async function openSource(url: string): Promise<DataSource> {
  await (await openBank(url)).end();
  return new DataSource({
    type: 'postgres',
    url,
    poolSize: CONNECTIONS,
    installExtensions: false,
  }).initialize();
}
