// Views of the list that are worth a name, with how much is in each: ours, and each person's own.
//
// V1. A view is the query of a page, no more: whoever opens one sees what he may see.
// V2. It is personal: nobody sees, changes or removes another's.
// V3. A query that is no longer understood (a filter has gone) is listed without a count.
import type { Principal } from '@concordat/access';
import type { Instant } from '@concordat/protocols';
import type { SavedViewView } from '@concordat/wire/operations';
import { savedViewRequestSchema, tenantsFor } from '@concordat/wire/operations';
import type { OperatorRequest, Route } from '../api.js';
import { Refusal } from '../api.js';
import { bodyOf, itemIdOf, malformed, unknownItem } from '../requests.js';
import { askedOf } from './filters.js';
import type { Finder } from './finder.js';
import type { TriagePorts } from './ports.js';
import { FORGET_VIEW, SAVE_VIEW, VIEWS } from './statements/saved-views.js';
import { timeOf } from './stored.js';

type Query = SavedViewView['query'];
type Count = Pick<SavedViewView, 'count' | 'atLeast'>;
type Named = Pick<SavedViewView, 'id' | 'name' | 'query' | 'builtIn'>;

const VIEWS_MAX = 50;
const ENTRIES_MAX = 20;
const VALUE_CHARACTERS_MAX = 500;
/** They are many, and the connections are for transactions. */
const COUNTED_AT_ONCE = 2;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What everybody has. Days are those of UTC. */
function builtIn(now: Instant): readonly Named[] {
  const views: readonly (readonly [id: string, name: string, query: Query])[] = [
    ['all', 'All', {}],
    ['unfinished', 'Unfinished', { unfinished: 'true' }],
    ['stuck', 'Stuck', { stuck: 'true' }],
    ['in-doubt', 'In doubt', { harm: 'blocking,in-doubt-decided,in-doubt-undecided' }],
    ['blocking', 'Blocking', { harm: 'blocking' }],
    ['heuristic', 'Heuristic', { harm: 'heuristic' }],
    ['paused', 'Paused', { paused: 'true' }],
    ['today', 'Today', { begunAfter: timeOf(Math.floor(now / DAY_MS) * DAY_MS) }],
    ['last-hour', 'Last hour', { begunAfter: timeOf(now - HOUR_MS) }],
  ];
  return views.map(([id, name, query]) => ({ id, name, query, builtIn: true }));
}

export class SavedViews {
  readonly routes: readonly Route[] = [
    {
      method: 'GET',
      path: '/v1/operations/views',
      permission: 'read',
      of: 'tenant',
      summary: 'Views of the list, with how much is in each.',
      answer: async ({ principal }) => ({
        status: 200,
        body: { items: await this.list(principal) },
      }),
    },
    {
      method: 'POST',
      path: '/v1/operations/views',
      permission: 'read',
      of: 'tenant',
      summary: 'Keep a view of your own.',
      answer: async (request) => ({ status: 201, body: await this.save(request) }),
    },
    {
      method: 'DELETE',
      path: '/v1/operations/views/:id',
      permission: 'read',
      of: 'tenant',
      summary: 'Remove a view of your own.',
      answer: async (request) => {
        await this.forget(request);
        return { status: 204 };
      },
    },
  ];

  constructor(
    private readonly ports: Pick<TriagePorts, 'store' | 'clock' | 'ids'>,
    private readonly finder: Finder,
  ) {}

  private async list(principal: Principal): Promise<SavedViewView[]> {
    type Row = Pick<Named, 'id' | 'name' | 'query'>;
    const owner = [principal.kind, principal.id];
    const rows = await this.ports.store.run<Row>(VIEWS, [...owner, VIEWS_MAX]);
    const own = rows.map((row): Named => ({ ...row, builtIn: false }));
    const views = [...builtIn(this.ports.clock.now()), ...own];
    const counted: SavedViewView[] = [];
    const uncounted = views.entries(); // each is taken by one of those who go through them
    const goThrough = async (): Promise<void> => {
      for (const [index, view] of uncounted) {
        counted[index] = { ...view, ...(await this.count(view.query, principal)) };
      }
    };
    await Promise.all(Array.from({ length: COUNTED_AT_ONCE }, goThrough));
    return counted;
  }

  private async count(query: Query, principal: Principal): Promise<Count> {
    try {
      const { sought } = askedOf(query, tenantsFor(principal.grants, 'read'));
      return await this.finder.count(sought);
    } catch (error) {
      if (error instanceof Refusal) return { count: null, atLeast: false }; // V3
      throw error;
    }
  }

  private async save(request: OperatorRequest): Promise<SavedViewView> {
    const { name, query } = bodyOf(savedViewRequestSchema, request);
    const entries = Object.entries(query);
    if (entries.length > ENTRIES_MAX || entries.some(([key, value]) => isLong(key, value))) {
      throw malformed([{ pointer: '/query', message: 'is too large' }]);
    }
    const { principal } = request;
    askedOf(query, tenantsFor(principal.grants, 'read'));
    const id = this.ports.ids.next();
    const values = [id, principal.kind, principal.id, name, JSON.stringify(query), VIEWS_MAX];
    const [saved] = await this.ports.store.run<{ id: string }>(SAVE_VIEW, values);
    if (saved === undefined) {
      throw new Refusal('too-many', `You have ${VIEWS_MAX} views: remove one first.`);
    }
    const counted = await this.count(query, principal);
    return { id, name, query, builtIn: false, ...counted };
  }

  private async forget(request: OperatorRequest): Promise<void> {
    const { principal } = request;
    const values = [itemIdOf(request), principal.kind, principal.id];
    const [gone] = await this.ports.store.run<{ id: string }>(FORGET_VIEW, values);
    if (gone === undefined) throw unknownItem();
  }
}

function isLong(key: string, value: string): boolean {
  return key.length > VALUE_CHARACTERS_MAX || value.length > VALUE_CHARACTERS_MAX;
}
