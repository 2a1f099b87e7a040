// What the tests of the operator API share: a coordinator, participants that do what they are told,
// and the people who act, each with a key of his own.
import type { ActionResultView, AuditItemView } from '@concordat/wire/operations';
import { actionResultSchema, auditListSchema } from '@concordat/wire/operations';
import type { Pool } from 'pg';
import { makeKey } from '../access/callers.js';
import type { ApiAnswer, ProblemFound } from '../http/api.js';
import { Api, problemIn } from '../http/api.js';
import type { CoordinatorProcess, Environment } from '../support/coordinator.js';
import { startCoordinator } from '../support/coordinator.js';
import { databaseFromTemplate } from '../support/databases.js';
import type { ScriptedParticipant } from '../support/scripted-participants.js';
import { ScriptedParticipants } from '../support/scripted-participants.js';

/** By their names in the tests; their keys have the same. */
export interface People {
  /** The key of the setting. */
  readonly root: Api;
  readonly reader: Api;
  readonly operator: Api;
  readonly resolver: Api;
  /** Another resolver. */
  readonly second: Api;
  readonly auditor: Api;
  /** A resolver of the tenant `acme`, and of no other. */
  readonly acme: Api;
}

export interface World {
  readonly pool: Pool;
  readonly databaseUrl: string;
  readonly environment: Environment;
  readonly coordinator: CoordinatorProcess;
  readonly participants: ScriptedParticipants;
  readonly people: People;
  /** The id of each person's key. */
  readonly ids: { readonly [person in keyof People]: string };
}

export async function openWorld(more: Environment = {}): Promise<World> {
  const { databaseUrl, pool } = await databaseFromTemplate();
  const participants = await ScriptedParticipants.open();
  const environment = {
    DATABASE_URL: databaseUrl,
    CONCORDAT_ALLOWED_URLS: 'http://127.0.0.1:*',
    CONCORDAT_SWEEP_PERIOD_MS: '50',
    CONCORDAT_REQUESTS_PER_SECOND_MAX: '10000',
    ...more,
  };
  const coordinator = await startCoordinator(environment);
  const root = new Api(coordinator.url);
  const key = async (name: string, role: string, tenant = '*') => {
    const made = await makeKey(root, [{ tenant, roles: [role as 'reader'] }], { name });
    return { api: root.as(made.key), id: made.id };
  };
  const made = {
    reader: await key('reader', 'reader'),
    operator: await key('operator', 'operator'),
    resolver: await key('resolver', 'resolver'),
    second: await key('second', 'resolver'),
    auditor: await key('auditor', 'auditor'),
    acme: await key('acme', 'resolver', 'acme'),
  };
  const apis = Object.entries(made).map(([name, { api }]) => [name, api]);
  const ids = Object.entries(made).map(([name, { id }]) => [name, id]);
  return {
    pool,
    databaseUrl,
    environment,
    coordinator,
    participants,
    people: { root, ...Object.fromEntries(apis) } as People,
    ids: { root: 'CONCORDAT_API_KEY', ...Object.fromEntries(ids) } as World['ids'],
  };
}

const AT = '/v1/operations/transactions';

/** An action, as it is asked for with a reason. */
export function act(
  by: Api,
  gtid: string,
  action: string,
  body: object = {},
  branch?: string,
): Promise<ApiAnswer> {
  const path = branch === undefined ? action : `branches/${branch}/${action}`;
  return by.post(`${AT}/${gtid}/${path}`, { reason: 'because of a test', ...body });
}

/** What came of it, which must be an answer to the letter. */
export function resultIn({ status, body, text }: ApiAnswer): ActionResultView {
  const parsed = actionResultSchema.safeParse(body);
  if (parsed.success && (status === 200 || status === 202)) return parsed.data;
  throw new Error(`not the result of an action: ${status} ${text}`);
}

/** Why it was refused, which must be a problem document. */
export function refusalIn(answer: ApiAnswer): ProblemFound & { readonly detail: string } {
  const { detail } = answer.body as { detail: string };
  return { ...problemIn(answer), detail };
}

/** What the audit says of a transaction, the first first. */
export async function auditOf(by: Api, gtid: string): Promise<readonly AuditItemView[]> {
  const { body, text, status } = await by.get(`/v1/operations/audit?gtid=${gtid}&limit=200`);
  if (status !== 200) throw new Error(`no audit: ${status} ${text}`);
  return auditListSchema.parse(body).items.toReversed();
}

/** How many lines there are in all. */
export async function linesIn(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ seq: string }>('select seq from concordat.audit_head');
  return Number(rows[0]?.seq);
}

/** Decided to commit; `slow` is a service that does not obey. */
export async function notObeyed({ participants, people: { root } }: World) {
  const slow = participants.add().answers('commit', { status: 503 });
  const branches = [at('other', participants.add()), at('slow', slow)];
  const begin = { protocol: '2pc', deadlineMs: 600_000, branches };
  const { gtid } = await root.begin(begin, { prefer: 'respond-async' });
  await root.until(gtid, 'stuck', ({ branches: [other, stuck] }) => {
    return other?.state === 'acknowledged' && (stuck?.attempts ?? 0) > 0;
  });
  return { gtid, branch: 'slow' };
}

const RETRY = { firstDelayMs: 50, delayMaxMs: 100 };

/** A branch at a participant, asked again soon. */
export function at(id: string, participant: ScriptedParticipant, more: object = {}): object {
  return { id, participant: { url: participant.url }, retry: RETRY, payload: { id }, ...more };
}
