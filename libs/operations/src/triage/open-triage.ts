// The pages before a single transaction, and that of a single one: what is read for them, put
// together.
import type { Answer, Question } from '@concordat/engine';
import type { GlobalTransactionId } from '@concordat/protocols';
import type { CauseView, OverviewView } from '@concordat/wire/operations';
import { ALL_TENANTS, tenantsFor } from '@concordat/wire/operations';
import { z } from 'zod';
import type { OperatorRequest, Route } from '../api.js';
import { gtidOf, queryOf } from '../requests.js';
import type { BoardItem } from './board.js';
import { Board } from './board.js';
import { causesOf, withWaiting } from './causes.js';
import { Details } from './detail.js';
import { Changes } from './events.js';
import type { Tenants } from './filters.js';
import { askedOf } from './filters.js';
import { Finder } from './finder.js';
import { FirstLook } from './first-look.js';
import { Health } from './health.js';
import { Overviews, sumOf } from './overview.js';
import { participantsOf } from './participants.js';
import type { TriagePorts } from './ports.js';
import { Roller } from './roller.js';
import { SavedViews } from './saved-views.js';

const WINDOW_MS_DEFAULT = 3_600_000;
const WINDOW_MS_MIN = 60_000;
const WINDOW_MS_MAX = 86_400_000;

const overviewQuerySchema = z.strictObject({
  windowMs: z.coerce
    .number()
    .int()
    .min(WINDOW_MS_MIN)
    .max(WINDOW_MS_MAX)
    .default(WINDOW_MS_DEFAULT),
});

/** What is wrong now in all tenants, for the rules that watch. */
export interface Situation {
  readonly causes: readonly CauseView[];
  readonly items: readonly BoardItem[];
  readonly blocked: OverviewView['blocked'];
  readonly heuristics: number;
  readonly orphans: readonly { readonly resourceManager: string; readonly count: number }[];
  readonly missing: OverviewView['missing'];
}

export interface Triage {
  readonly routes: readonly Route[];
  /** To be called with whatever a participant has answered: the engine's `Observer.answered`. */
  readonly answered: (question: Question, answer: Answer, tookMs: number) => void;
  /**
   * The newest of what such a query of the list finds, at most `limit`.
   * @throws Refusal malformed-request
   */
  readonly selectIds: (
    query: Readonly<Record<string, string>>,
    tenants: Tenants,
    limit: number,
  ) => Promise<readonly { readonly gtid: GlobalTransactionId; readonly tenant: string }[]>;
  /** Rejects if it cannot be had. */
  readonly situation: () => Promise<Situation>;
  /** Begins to sum what has ended, and looks once for whoever asks first (first-look.ts). */
  readonly start: () => void;
  readonly stop: () => Promise<void>;
}

export function openTriage(ports: TriagePorts): Triage {
  const board = new Board(ports);
  const finder = new Finder(ports, board);
  const health = new Health(ports);
  const overviews = new Overviews(ports, board, finder, health);
  const changes = new Changes(ports);
  const roller = new Roller(ports);
  const firstLook = new FirstLook(() => overviews.prepare(WINDOW_MS_DEFAULT), ports);
  const details = new Details(ports, finder);
  return {
    routes: [
      ...routesOf({ ports, board, finder, health, overviews, changes, details }),
      ...new SavedViews(ports, finder).routes,
    ],
    answered: (question, answer, tookMs) => health.answered(question, answer, tookMs),
    selectIds: (query, tenants, limit) => finder.ids(askedOf(query, tenants).sought, limit),
    situation: () => situationOf(ports, overviews),
    start: () => {
      firstLook.start();
      roller.start();
    },
    stop: async () => {
      changes.close();
      await Promise.all([firstLook.stop(), roller.stop()]);
      board.close();
    },
  };
}

interface Parts {
  readonly ports: TriagePorts;
  readonly board: Board;
  readonly finder: Finder;
  readonly health: Health;
  readonly overviews: Overviews;
  readonly changes: Changes;
  readonly details: Details;
}

type Spoken = Omit<Route, 'method' | 'permission'>;

function routesOf({
  ports,
  board,
  finder,
  health,
  overviews,
  changes,
  details,
}: Parts): readonly Route[] {
  const get = (route: Spoken): Route => ({ method: 'GET', permission: 'read', ...route });
  return [
    get({
      path: '/v1/operations/overview',
      of: 'tenant',
      summary: 'What is wrong, what it harms, and how things go.',
      answer: async (request) => {
        const { windowMs } = queryOf(overviewQuerySchema, request);
        return { status: 200, body: await overviews.of(request.principal, windowMs) };
      },
    }),
    get({
      path: '/v1/operations/transactions',
      of: 'tenant',
      summary: 'Transactions, newest first, each with why it is where it is.',
      answer: async ({ query, principal }: OperatorRequest) => {
        const asked = askedOf(query, tenantsFor(principal.grants, 'read'));
        return { status: 200, body: await finder.list(asked, principal) };
      },
    }),
    get({
      path: '/v1/operations/transactions/:gtid',
      of: 'tenant',
      summary: 'One transaction: where it is, how it came there, what may be done about it.',
      answer: async (request) => {
        return { status: 200, body: await details.of(gtidOf(request), request.principal) };
      },
    }),
    get({
      path: '/v1/operations/participants',
      of: 'installation',
      summary: 'The registered participants, and how each is.',
      answer: async () => {
        return { status: 200, body: await participantsOf(ports, health, await board.read()) };
      },
    }),
    get({
      path: '/v1/operations/events',
      of: 'tenant',
      summary: 'Server-sent events: that something has changed, and in which part.',
      answer: ({ principal, signal }) => {
        return Promise.resolve({ status: 200, events: changes.listen(principal, signal) });
      },
    }),
  ];
}

async function situationOf(
  { recovery }: Pick<TriagePorts, 'recovery'>,
  overviews: Overviews,
): Promise<Situation> {
  const [trouble, counts] = await Promise.all([
    overviews.patientTrouble(),
    overviews.counts(ALL_TENANTS),
  ]);
  const { items, blocked, begun, missing } = trouble;
  return {
    causes: withWaiting(causesOf(items, blocked), items, blocked, begun),
    items,
    blocked,
    heuristics: sumOf(counts.heuristics),
    orphans: recovery
      .statuses()
      .filter((status) => status.counts.orphaned > 0)
      .map(({ name, counts: { orphaned } }) => ({ resourceManager: name, count: orphaned })),
    missing,
  };
}
