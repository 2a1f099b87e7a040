// Puts the operator API together: what people see of transactions, what they do, and what is done
// in the background of it.
//
//   truth ──observe──▶ acts ──▶ approvals, bulk ──▶ routes
//     │                           ▲ what a filter finds   ▲
//     └──who is blocked──▶ triage ┴───────────────────────┤
//                             └──what is wrong──▶ alerts ─┘
//
// Nothing here is needed for safety: without it, what is stuck stays stuck until it is not.
import { actionRoutes } from './actions/routes.js';
import type { Observe } from './actions/acts.js';
import { Acts } from './actions/acts.js';
import type { Route } from './api.js';
import { approvalRoutes } from './approvals/routes.js';
import { Approvals } from './approvals/approvals.js';
import { CarryingOut } from './approvals/carry-out.js';
import { Forcing } from './approvals/forcing.js';
import { auditRoutes } from './audit/routes.js';
import type { SelectIds } from './bulk/bulks.js';
import { Bulks } from './bulk/bulks.js';
import { bulkRoutes } from './bulk/routes.js';
import { BulkRunner } from './bulk/runner.js';
import { forgetWhatIsOver } from './forgetting.js';
import { orphanRoutes } from './orphans/routes.js';
import { Orphans } from './orphans/orphans.js';
import { participantRoutes } from './participants/routes.js';
import { Periodic } from './periodic.js';
import type { OperationsPorts } from './ports.js';
import type { Triage } from './triage/index.js';
import { openTriage } from './triage/index.js';
import { Truth, truthRoutes } from './truth/index.js';

const LOOK_AROUND_MS = 1_000;
const FORGET_EVERY_MS = 3_600_000;

export interface Operations {
  readonly routes: readonly Route[];
  /** To be called with whatever a participant has answered: the engine's `Observer.answered`. */
  readonly answered: Triage['answered'];
  /** Begins what is done in the background. */
  start(): void;
  /** Resolves when what is under way has ended. */
  stop(): Promise<void>;
}

/** Rules that watch what is wrong, and what they need of it. */
export interface Watching {
  readonly routes: readonly Route[];
  start(): void;
  stop(): Promise<void>;
}

/** @param watch makes the alerts, of what is wrong now; there are none without it */
export function openOperations(
  ports: OperationsPorts,
  watch: (triage: Pick<Triage, 'situation'>) => Watching = noAlerts,
): Operations {
  const truth = new Truth(ports);
  const triage = openTriage({
    ...ports,
    written: () => ports.engine.written(),
    blocked: () => truth.blocked(),
  });
  const alerts = watch(triage);
  const acting = openActing(ports, {
    observe: (record, branch) => truth.observe(record, branch),
    selectIds: triage.selectIds,
  });
  const all = [acting, triage, alerts];
  return {
    routes: [...truthRoutes(ports, truth), ...all.flatMap(({ routes }) => routes)],
    answered: triage.answered,
    start: () => all.forEach((one) => one.start()),
    stop: async () => {
      await Promise.all(all.map((one) => one.stop()));
    },
  };
}

interface ToAct {
  readonly observe: Observe;
  readonly selectIds: SelectIds;
}

/** Everything that a person can do. */
function openActing(ports: OperationsPorts, { observe, selectIds }: ToAct): Watching {
  const acts = new Acts({ ...ports, observe });
  const forcing = new Forcing(ports, acts);
  const orphans = new Orphans(ports);
  const carryingOut = new CarryingOut(ports, {
    'branch.force': (row) => forcing.carryOut(row),
    'orphan.end': (row) => orphans.carryOut(row),
  });
  const approvals = new Approvals({ ports, acts, carryingOut });
  const bulkRunner = new BulkRunner(ports, acts);
  const background = [
    new Periodic('approvals', () => carryingOut.lookAround(), LOOK_AROUND_MS, ports),
    new Periodic('bulk', () => bulkRunner.work(), LOOK_AROUND_MS, ports),
    new Periodic('forgetting', () => forgetWhatIsOver(ports), FORGET_EVERY_MS, ports),
  ];
  return {
    routes: [
      ...actionRoutes({ ports, acts, approvals }),
      ...approvalRoutes(approvals),
      ...orphanRoutes(orphans, approvals),
      ...participantRoutes(ports),
      ...bulkRoutes(new Bulks(ports, selectIds)),
      ...auditRoutes(ports),
    ],
    start: () => background.forEach((one) => one.start()),
    stop: async () => {
      bulkRunner.stop();
      await Promise.all(background.map((one) => one.stop()));
    },
  };
}

const noAlerts = (): Watching => {
  return { routes: [], start: () => undefined, stop: () => Promise.resolve() };
};
