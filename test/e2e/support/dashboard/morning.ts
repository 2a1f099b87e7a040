// A system at three in the morning: everything that the pages can show is there, and is real.
//
//   alfa died in doubt, and blocks ten sessions    payments answers 503: a saga cannot turn back
//   ledger has decided by itself: a heuristic      an orphan in alfa's database, and a stranger's
//   an outcome waits for a second person           a rule fires; a bulk was done; keys were made
import type { ScriptedParticipants } from '../../../support/scripted-participants.js';
import type { Api } from '../../../http/api.js';
import { eventually } from '../../../support/eventually.js';
import { Hook } from './hook.js';
import { World } from './world.js';

const SESSIONS = 10;
const ENDED = 60;
const RETRY = { firstDelayMs: 200, delayMaxMs: 600_000 };

export interface Morning {
  readonly world: World;
  /** The transaction that blocks. */
  readonly blocker: string;
  readonly hook: Hook;
}

/** @param participants that end with the test file */
export async function threeInTheMorning(
  serverUrl: string,
  participants: ScriptedParticipants,
): Promise<Morning> {
  const at = {
    stock: participants.add(),
    payments: participants.add().answers('compensate', { status: 503 }),
    shipping: participants.add().answers('execute', { status: 409, body: { reason: 'no lorry' } }),
    ledger: participants.add().answers('commit', { status: 409, body: { heuristic: 'rollback' } }),
  };
  const registered = Object.entries(at).map(([name, { url }]) => [name, { url }] as const);
  const world = await World.open(serverUrl, Object.fromEntries(registered));
  const hook = await Hook.open();
  await pastHour(world.api);
  await world.prepareOrphan('41');
  await world.prepare('erp-17', '42');
  await withHeuristic(world);
  await withStuckSaga(world);
  await deeds(world, hook.url);
  const blocker = await world.strand({}, RETRY);
  await world.api.until(blocker, 'stuck', ({ stuck }) => stuck);
  await world.block(SESSIONS);
  await askForApproval(world, blocker);
  return { world, blocker, hook };
}

/** What has ended, in every protocol. */
async function pastHour(api: Api): Promise<void> {
  const protocols = ['2pc', 'saga', 'tcc', '3pc'];
  const ended = Array.from({ length: ENDED }, async (_, n) => {
    const amount = n % 9 === 8 ? 1_000_000 : 5;
    const branches = [
      {
        id: 'debit',
        participant: 'alfa',
        payload: { account: String(50 + (n % 40)), amount: -amount },
      },
      { id: 'credit', participant: 'beta', payload: { account: String(50 + (n % 40)), amount } },
    ];
    const metadata = { order: String(4_650 + n) };
    const request = { protocol: protocols[n % 4], name: 'transfer', metadata, branches };
    const answer = await api.post('/v1/transactions', request);
    const { gtid } = answer.body as { gtid: string };
    await api.untilEnded(gtid);
  });
  await Promise.all(ended);
}

async function withHeuristic(world: World): Promise<void> {
  const branches = [
    { id: 'order', participant: 'stock', payload: { article: 17 } },
    { id: 'posting', participant: 'ledger', payload: { amount: 120 } },
  ];
  const gtid = await world.ask({ protocol: '2pc', name: 'invoice', branches });
  await world.api.untilEnded(gtid);
}

async function withStuckSaga(world: World): Promise<void> {
  const branches = [
    { id: 'reserve', participant: 'stock', payload: { article: 17 } },
    { id: 'payment', participant: 'payments', payload: { amount: 120 }, retry: RETRY },
    { id: 'shipment', participant: 'shipping', payload: { to: 'Main Street 1' } },
  ];
  const gtid = await world.ask({ protocol: 'saga', name: 'checkout', branches });
  await world.api.until(gtid, 'stuck', ({ stuck }) => stuck);
}

/** What people did before. */
async function deeds(world: World, url: string): Promise<void> {
  const { api, keys } = world;
  const admin = api.as(keys.admin);
  const operator = api.as(keys.operator);
  const to = (path: string, body: object) => post(admin, `/v1/operations/${path}`, body);
  const condition = { watch: 'blocked-sessions', atLeast: 5 };
  const rule = { name: 'Sessions are blocked', condition, url, reason: 'on call wants to know' };
  await to('alerts', rule);
  await to('participants/shipping/pause', { reason: 'the lorries are at the garage until six' });
  await api.untilEnded(await world.begin({ name: 'statement' }));
  const filter = { stuck: 'true' };
  await post(operator, '/v1/operations/bulk', {
    action: 'retry',
    filter,
    reason: 'payments is said to be back',
  });
  await eventually('the bulk is over', async () => {
    const { text } = await operator.get('/v1/operations/bulk');
    return text.includes('"finished"');
  });
}

async function askForApproval({ api, keys }: World, gtid: string): Promise<void> {
  await post(api.as(keys.jo), `/v1/operations/transactions/${gtid}/branches/debit/force`, {
    outcome: 'commit',
    reason: 'the machine of the bank is lost, and ten sessions wait',
    evidence: 'credit has committed; pg_prepared_xacts still has the debit',
  });
}

async function post(by: Api, path: string, body: object): Promise<void> {
  const { status, text } = await by.post(path, body);
  if (status >= 300) throw new Error(`${path}: ${status} ${text}`);
}
