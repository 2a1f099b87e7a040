// The saga by a hand-written loop: two durable writes with group commit, and the two calls between
// them. Nothing here could finish it after a crash, try again, or compensate.
import { Pool } from 'undici';
import { ByHandLog } from './by-hand-log.js';
import { serveByHand } from './by-hand-server.js';

const CONNECTIONS = 64;

const log = await ByHandLog.open(process.env['DATABASE_URL']);
const participant = new Pool(process.env['PARTICIPANT_URL'] ?? '', { connections: CONNECTIONS });

serveByHand(async (id, { branches }) => {
  await log.begin(id, JSON.stringify(branches));
  for (const { payload } of branches) await execute(JSON.stringify(payload));
  await log.end(id);
});

async function execute(payload: string): Promise<void> {
  const { statusCode, body } = await participant.request({
    path: '/execute',
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: payload,
  });
  await body.dump();
  if (statusCode !== 200) throw new Error(`the participant answered ${statusCode}`);
}
