// What the doctor looks at, one thing after the other. Without a coordinator nothing else is asked.
import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ResourceManagerView } from '@concordat/wire';
import { resourceManagerListSchema, selfTestViewSchema } from '@concordat/wire';
import type { OverviewView, WhoAmIView } from '@concordat/wire/operations';
import {
  auditVerdictSchema,
  isInTrouble,
  overviewSchema,
  signInOptionsSchema,
  whoAmISchema,
} from '@concordat/wire/operations';
import type { Api, Heard } from '../api.js';
import { NO_KEY, operations } from '../api.js';
import { Failure, refused } from '../failure.js';
import { spanOf } from '../render/time.js';

export interface Check {
  readonly name: string;
  readonly state: 'ok' | 'warn' | 'fail' | 'skip';
  readonly said: string;
}

/** HTTP tells the time in whole seconds, and the answer was under way. */
const CLOCK_TOLERANCE_MS = 2_000;
const EXPIRES_SOON_MS = 7 * 86_400_000;
const LOOKS_MAX = 6;
const LOOK_AGAIN_MS = 500;

export async function checksOf(
  api: Api,
  { selfTest }: { readonly selfTest: boolean },
): Promise<readonly Check[]> {
  const alive = await attempt('coordinator', () => reachable(api));
  const checks: Check[] = [...alive];
  if (alive.some(({ state }) => state === 'fail')) return checks;
  const ready = async () => [readyOf(await api.hear('GET', 'health/ready'))];
  checks.push(...(await attempt('ready', ready)));
  const key = await attempt('key', async () => [keyCheck(await whoAmI(api))]);
  checks.push(...key);
  if (key.some(({ state }) => state === 'fail')) return checks; // nobody would tell it anything
  const steps: readonly (() => Promise<readonly Check[]>)[] = [
    () => attempt('databases', () => databases(api, selfTest)),
    () => attempt('transactions', async () => stuckChecks(await overview(api))),
    () => attempt('audit', () => audit(api)),
  ];
  for (const step of steps) checks.push(...(await step()));
  return checks;
}

/** A check that could not be made has failed, or was not permitted. */
async function attempt(
  name: string,
  look: () => Promise<readonly Check[]>,
): Promise<readonly Check[]> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const isForbidden = 'status' in error.problem && error.problem.status === 403;
    return [{ name, state: isForbidden ? 'skip' : 'fail', said: error.message }];
  }
}

async function reachable(api: Api): Promise<readonly Check[]> {
  const askedAt = Date.now();
  const { status, headers } = await api.hear('GET', 'health/live');
  const tookMs = Date.now() - askedAt;
  const name = 'coordinator';
  if (status !== 200) {
    return [{ name, state: 'fail', said: `${api.url.origin} has answered ${status}` }];
  }
  const said = `answers within ${spanOf(tookMs)}`;
  const alive: Check = { name, state: 'ok', said };
  return [alive, clock(headers.get('date'), askedAt + tookMs / 2), ...transport(api.url)];
}

function clock(date: string | null, now: number): Check {
  const theirs = date === null ? Number.NaN : Date.parse(date);
  if (Number.isNaN(theirs)) return { name: 'clock', state: 'skip', said: 'it does not say' };
  const apartMs = Math.abs(now - theirs);
  if (apartMs <= CLOCK_TOLERANCE_MS) {
    return { name: 'clock', state: 'ok', said: 'the same as here, to a second or two' };
  }
  const said =
    `${spanOf(apartMs)} ${now > theirs ? 'behind' : 'ahead of'} the clock here. The coordinator ` +
    'goes by its database; but ages and times that are shown may be wrong';
  return { name: 'clock', state: 'warn', said };
}

/** A key that goes over a network in the clear is not a secret for long. */
function transport({ protocol, hostname }: URL): readonly Check[] {
  const bare = hostname.replace(/^\[(.*)\]$/, '$1');
  const isHere =
    bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'));
  if (protocol === 'https:' || isHere) return [];
  const said = `the key goes to ${hostname} unencrypted: use https`;
  return [{ name: 'transport', state: 'warn', said }];
}

function readyOf({ status, body }: Heard): Check {
  const name = 'ready';
  const { status: word, reasons = [] } = (body ?? {}) as {
    readonly status?: unknown;
    readonly reasons?: readonly unknown[];
  };
  const why = reasons.map(String).join('; ');
  if (status === 401 || status === 403) {
    return { name, state: 'skip', said: 'not without a key that is accepted' };
  }
  if (status !== 200) return { name, state: 'fail', said: why === '' ? `HTTP ${status}` : why };
  return word === 'degraded'
    ? { name, state: 'warn', said: `degraded: ${why}` }
    : { name, state: 'ok', said: 'takes requests' };
}

/** @throws Failure without a key that is accepted */
export async function whoAmI(api: Api): Promise<WhoAmIView> {
  const who = await api.get('v1/session', sessionSchema);
  if ('kind' in who) return who;
  throw refused(api.hasKey ? 'this key is not accepted' : NO_KEY);
}

/** Who is not signed in is told how he could. */
const sessionSchema = whoAmISchema.or(signInOptionsSchema);

function keyCheck(who: WhoAmIView): Check {
  const name = 'key';
  const permits = who.permissions.map(({ permission, tenants }) => {
    return tenants.includes('*') ? permission : `${permission} (${tenants.join(', ')})`;
  });
  const all = permits.length === 0 ? 'permits nothing' : `permits ${permits.join(', ')}`;
  const expiresInMs =
    who.expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(who.expiresAt) - Date.now();
  const isSoon = expiresInMs < EXPIRES_SOON_MS;
  const end = isSoon ? `; expires in ${spanOf(expiresInMs)}` : '';
  const said = `"${who.name}" ${all}${end}`;
  return { name, state: isSoon || permits.length === 0 ? 'warn' : 'ok', said };
}

async function databases(api: Api, isTried: boolean): Promise<readonly Check[]> {
  const { items } = await whole(
    () => api.get('v1/resource-managers', resourceManagerListSchema),
    (list) => list.items.every(({ reachable: isThere }) => isThere !== null),
  );
  if (items.length === 0) {
    return [{ name: 'databases', state: 'ok', said: 'none takes part by itself' }];
  }
  const checks: Check[] = [];
  for (const item of items) checks.push(...(await database(api, item, isTried)));
  return checks;
}

async function database(
  api: Api,
  { name: id, reachable: isThere, lastError = 'it does not answer', prepared }: ResourceManagerView,
  isTried: boolean,
): Promise<readonly Check[]> {
  const name = `database ${id}`;
  if (isThere === false) return [{ name, state: 'fail', said: lastError }];
  const orphans: readonly Check[] =
    prepared.orphaned === 0
      ? []
      : [{ name, state: 'warn', said: `${prepared.orphaned} orphaned: concordat in-doubt` }];
  if (!isTried) return [{ name, ...seen(isThere) }, ...orphans];
  const tested = await attempt(name, async () => {
    const path = `v1/resource-managers/${encodeURIComponent(id)}/self-test`;
    const { verdict, checks } = await api.post(path, undefined, selfTestViewSchema);
    const bad = checks.filter((check) => check.verdict !== 'passes');
    const said =
      bad.length === 0
        ? `a branch was prepared, found again and ended; ${checks.length} checks pass`
        : bad.map((check) => `${check.name}: ${check.finding}`).join('; ');
    const state = verdict === 'fails' ? 'fail' : verdict === 'risk' ? 'warn' : 'ok';
    return [{ name, state, said }];
  });
  return [...tested, ...orphans];
}

function seen(isThere: boolean | null): Pick<Check, 'state' | 'said'> {
  if (isThere === null) return { state: 'skip', said: 'it was not looked at yet' };
  return { state: 'ok', said: 'answers; not tried out' };
}

function overview(api: Api): Promise<OverviewView> {
  const look = (): Promise<OverviewView> => api.get(operations('overview'), overviewSchema);
  return whole(look, ({ missing }) => missing.length === 0);
}

/** What nobody has asked for lately is being asked for now: a first answer may lack it. */
async function whole<View>(
  look: () => Promise<View>,
  isWhole: (view: View) => boolean,
): Promise<View> {
  for (let looks = 1; ; looks += 1) {
    const view = await look();
    if (isWhole(view) || looks === LOOKS_MAX) return view;
    await sleep(LOOK_AGAIN_MS);
  }
}

function stuckChecks({ now, participants, missing, hidden }: OverviewView): readonly Check[] {
  const { unfinished, stuck, sessionsBlocked, heuristicsUnforgotten, approvalsPending } = now;
  const worries = [
    [stuck, 'stuck: concordat list --stuck'],
    [sessionsBlocked, 'sessions blocked: concordat in-doubt'],
    [heuristicsUnforgotten, 'heuristic, and not dealt with: concordat list --harm heuristic'],
    [approvalsPending, 'waiting for a second person: concordat approvals'],
  ] as const;
  const found = worries.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  const said = [`${unfinished} unfinished`, ...(found.length === 0 ? ['none stuck'] : found)];
  const transactions: Check = {
    name: 'transactions',
    state: found.length === 0 ? 'ok' : 'warn',
    said: said.join('; '),
  };
  const ill = participants.filter(isInTrouble);
  return [
    transactions,
    ...ill.map(({ name, health, said: why }) => ({
      name: `participant ${name}`,
      state: 'warn' as const,
      said: `${health}: ${why}`,
    })),
    ...missing.map(({ what, reason }) => ({
      name: 'overview',
      state: 'warn' as const,
      said: `incomplete: ${what}: ${reason}`,
    })),
    ...hidden.map(({ what, reason }) => ({
      name: 'overview',
      state: 'skip' as const,
      said: `not shown to you: ${what}: ${reason}`,
    })),
  ];
}

async function audit(api: Api): Promise<readonly Check[]> {
  const { intact, said, lines } = await api.get(operations('audit', 'verify'), auditVerdictSchema);
  return [
    {
      name: 'audit',
      state: intact ? 'ok' : 'fail',
      said: intact ? `${lines} lines, unbroken` : said,
    },
  ];
}
