// Many transactions at once, by a filter.
//
//   asked ─▶ running ─┬─ pause ─▶ paused ─ resume ─▶ running
//                     ├─ too many failures ─▶ stopped ─ resume ─▶ running
//                     ├─ cancel ─▶ cancelled
//                     └─ nothing left ─▶ finished
//
// L1. What the filter finds is written down when it is asked for, and that is what is worked
//     through: not what it would find by the time that somebody comes to it.
// L2. Who asks may act upon those tenants' transactions; of others, none is in the snapshot.
// L3. What has stopped goes on where it was: what has failed is not asked again, for each item has
//     one line in the audit. Whoever resumes it says how many more may fail.
import type { Principal } from '@concordat/access';
import { may } from '@concordat/access';
import type { AuditLine } from '@concordat/engine';
import type { ActionResultView, BulkRequest, BulkView } from '@concordat/wire/operations';
import { ALL_TENANTS, bulkActions, rolesWith, tenantsFor } from '@concordat/wire/operations';
import type { Permission } from '@concordat/wire/operations';
import type { OperatorRequest } from '../api.js';
import { Refusal } from '../api.js';
import { permissionTo } from '../actions/judge.js';
import { orRefused } from '../audit/refused.js';
import type { OperationsPorts, Run } from '../ports.js';
import { actorIn, itemIdOf, unknownItem } from '../requests.js';
import { ADD_BULK_ITEMS } from '../statements/add-bulk-items.js';
import { BEGIN_BULK } from '../statements/begin-bulk.js';
import type { BulkRow } from '../statements/bulk-row.js';
import { FIND_BULK } from '../statements/find-bulk.js';
import { LIST_BULK_FAILURES } from '../statements/list-bulk-failures.js';
import { LIST_BULKS } from '../statements/list-bulks.js';
import { STEER_BULK } from '../statements/steer-bulk.js';

/** In one bulk. */
const ITEMS_MAX = 100_000;
const ITEMS_PER_INSERT_MAX = 5_000;
const LISTED_MAX = 100;
const FAILURES_SHOWN_MAX = 20;

type Tenants = typeof ALL_TENANTS | readonly string[];

/**
 * What a filter finds, as the query of GET …/operations/transactions.
 * @throws Refusal malformed-request
 */
export type SelectIds = (
  filter: Readonly<Record<string, string>>,
  tenants: Tenants,
  limit: number,
) => Promise<readonly { readonly gtid: string; readonly tenant: string }[]>;

export type Verb = 'pause' | 'resume' | 'cancel';
export type Steering = Pick<BulkRequest, 'reason'> & Partial<Pick<BulkRequest, 'failuresMax'>>;

const STEERS: { readonly [V in Verb]: readonly [from: readonly string[], to: string] } = {
  pause: [['running'], 'paused'],
  resume: [['paused', 'stopped'], 'running'],
  cancel: [['running', 'paused'], 'cancelled'],
};

/** Which roles permit each of them. */
const ROLES_BY_ACTION = JSON.stringify(
  Object.fromEntries(bulkActions.map((action) => [action, rolesWith(permissionTo[action])])),
);

export class Bulks {
  constructor(
    private readonly ports: Pick<OperationsPorts, 'store' | 'ids'>,
    private readonly selectIds: SelectIds,
  ) {}

  /** L1, L2. @throws Refusal */
  async begin(request: OperatorRequest, body: BulkRequest): Promise<ActionResultView | BulkView> {
    const { action, filter, reason, dryRun } = body;
    const tenants = tenantsFor(request.principal.grants, permissionTo[action]);
    const found = await this.selectIds(filter, tenants, ITEMS_MAX + 1);
    if (found.length > ITEMS_MAX) {
      throw new Refusal('not-possible', `More than ${ITEMS_MAX} are found: narrow the filter.`);
    }
    const said = `${found.length} transactions are found to ${action}.`;
    if (dryRun) return { result: 'would', said };
    if (found.length === 0) throw new Refusal('not-possible', 'The filter finds none.');
    const id = this.ports.ids.next();
    const line = this.lineOf(request, { id, verb: 'begin', reason }, tenants);
    const audit = { ...line, evidence: { action, filter, total: found.length } };
    await this.ports.store.audited(audit, (run) => this.write(run, id, { request, body, found }));
    return this.view(await this.find(id));
  }

  /** Those that the principal may see all of; the latest first. */
  async list({ principal }: OperatorRequest): Promise<readonly BulkView[]> {
    const tenants = tenantsFor(principal.grants, 'read');
    const whose = tenants === ALL_TENANTS ? null : tenants;
    const { run } = this.ports.store;
    const rows = await run<BulkRow>(LIST_BULKS, [whose, ROLES_BY_ACTION, LISTED_MAX]);
    return Promise.all(rows.map((row) => this.view(row)));
  }

  async show(request: OperatorRequest): Promise<BulkView> {
    return this.view(await this.visible(request, 'read'));
  }

  /** L3. @throws Refusal */
  async steer(
    request: OperatorRequest,
    verb: Verb,
    { reason, failuresMax }: Steering,
  ): Promise<BulkView> {
    const row = await this.visible(request, 'transactions.operate');
    const [from, to] = STEERS[verb];
    const tenants = tenantsOf(row);
    const isMore = row.state === 'stopped' && failuresMax !== undefined;
    const line = {
      ...this.lineOf(request, { id: row.id, verb, reason }, tenants),
      ...(isMore ? { evidence: { failuresMax } } : {}),
    };
    const steer = async (run: Run): Promise<void> => {
      const steered = await run(STEER_BULK, [row.id, from, to, failuresMax ?? null]);
      if (steered.length > 0) return;
      const [now = row] = await run<BulkRow>(FIND_BULK, [row.id]);
      throw new Refusal('not-possible', `It is ${now.state}: you cannot ${verb} it.`);
    };
    await orRefused(this.ports, { ...line, id: this.ports.ids.next() }, () =>
      this.ports.store.audited(line, steer),
    );
    return this.view(await this.find(row.id));
  }

  private async write(run: Run, id: string, { request, body, found }: Beginning): Promise<void> {
    const { action, filter, reason, perSecondMax, failuresMax } = body;
    const actor = JSON.stringify(actorIn(request));
    const grants = JSON.stringify(request.principal.grants);
    const what = [id, action, JSON.stringify(filter), reason, actor, grants];
    await run(BEGIN_BULK, [...what, perSecondMax, failuresMax, found.length]);
    for (let at = 0; at < found.length; at += ITEMS_PER_INSERT_MAX) {
      const some = found.slice(at, at + ITEMS_PER_INSERT_MAX).map(({ gtid }) => gtid);
      const lines = some.map(() => this.ports.ids.next());
      await run(ADD_BULK_ITEMS, [id, at, some, lines]);
    }
  }

  private lineOf(
    request: OperatorRequest,
    { id, verb, reason }: { readonly id: string; readonly verb: string; readonly reason: string },
    tenants: Tenants,
  ): AuditLine {
    const [only, another] = tenants === ALL_TENANTS ? [] : tenants;
    return {
      id: this.ports.ids.next(),
      actor: actorIn(request),
      action: `bulk.${verb}`,
      stage: 'done',
      tenant: only !== undefined && another === undefined ? only : ALL_TENANTS,
      target: { bulk: id },
      reason,
    };
  }

  private async visible(request: OperatorRequest, permission: Permission): Promise<BulkRow> {
    const row = await this.find(itemIdOf(request));
    if (mayAll(request.principal, permission, row)) return row;
    throw unknownItem();
  }

  private async find(id: string): Promise<BulkRow> {
    const [row] = await this.ports.store.run<BulkRow>(FIND_BULK, [id]);
    if (row === undefined) throw unknownItem();
    return row;
  }

  private async view(row: BulkRow): Promise<BulkView> {
    const failures =
      row.failed === 0
        ? []
        : await this.ports.store.run<{ gtid: string; said: string }>(LIST_BULK_FAILURES, [
            row.id,
            FAILURES_SHOWN_MAX,
          ]);
    const { id, action, filter, state, reason, total, done, unchanged, failed } = row;
    const plain = { id, action, filter, state, reason, total, done, unchanged, failed };
    return {
      ...plain,
      askedBy: row.asked_by.name,
      askedAt: row.asked_at.toISOString(),
      ...(row.ended_at === null ? {} : { endedAt: row.ended_at.toISOString() }),
      perSecondMax: row.per_second_max,
      failures: failures.map(({ gtid, said }) => ({ gtid, said })),
      ...(row.said === null ? {} : { said: row.said }),
    };
  }
}

interface Beginning {
  readonly request: OperatorRequest;
  readonly body: BulkRequest;
  readonly found: readonly { readonly gtid: string }[];
}

/** Whose transactions it is about. */
function tenantsOf({ grants, action }: BulkRow): Tenants {
  return tenantsFor(grants, permissionTo[action]);
}

/** Whether the principal has the permission for all of them. */
function mayAll(principal: Principal, permission: Permission, row: BulkRow): boolean {
  const tenants = tenantsOf(row);
  if (tenants === ALL_TENANTS) return may(principal, permission, ALL_TENANTS);
  return tenants.every((tenant) => may(principal, permission, tenant));
}
