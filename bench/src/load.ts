// The initiators of a round: a process of its own, so that its CPU time can be told apart. The
// bench tells it what to do in its first argument, and hears from it over IPC:
//
//   warm up ──'opened'──▶ measure ──'closed'──▶ let the last ones end ──'report'──▶
import { Pool } from 'undici';
import type { LoopReport } from './closed-loop.js';
import { runClosedLoop } from './closed-loop.js';
import type { Shape } from './requests.js';
import { requestOf } from './requests.js';

export interface LoadSettings {
  /** Where to send the transactions: the coordinator, or what stands in for it. */
  readonly url: string;
  readonly shape: Shape;
  readonly clients: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export type LoadMessage =
  | { readonly type: 'opened' }
  | { readonly type: 'closed' }
  | { readonly type: 'report'; readonly report: LoopReport };

const { url, shape, ...loop } = settingsFrom(process.argv[2]);
const authorization = `Bearer ${process.env['CONCORDAT_API_KEY']}`;
const pool = new Pool(url, { connections: loop.clients });
let count = 0;

const report = await runClosedLoop(loop, transact, {
  opened: () => send({ type: 'opened' }),
  closed: () => send({ type: 'closed' }),
});
await pool.close();
send({ type: 'report', report });
process.disconnect();

/** Begins a transaction and awaits its outcome. */
async function transact(): Promise<void> {
  const { statusCode, body } = await pool.request({
    path: '/v1/transactions',
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json', prefer: 'wait=10' },
    body: JSON.stringify(requestOf(shape, count++)),
  });
  const text = await body.text();
  const answer = JSON.parse(text) as { outcome?: unknown };
  if (statusCode !== 201 || answer.outcome !== 'committed') {
    throw new Error(`not committed: ${statusCode} ${text}`);
  }
}

function settingsFrom(argument: string | undefined): LoadSettings {
  if (argument === undefined) throw new Error('the bench starts this program: npm run bench');
  return JSON.parse(argument) as LoadSettings;
}

function send(message: LoadMessage): void {
  process.send?.(message);
}
