// The routes of the page. They are in the part of the address after `#`, so that no server needs to
// know them and the page can be mounted anywhere; a filter is in there too, and can be shared.
import {
  createHashHistory,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from '@tanstack/react-router';
import type { Flat } from './search.js';
import { parseSearch, stringifySearch, validateFlat } from './search.js';
import { NotFound } from './NotFound.js';
import { PageError } from './PageError.js';
import { Root } from './Root.js';
import { takeWayBack } from './way-back.js';

takeWayBack();

const root = createRootRoute({ component: Root, notFoundComponent: NotFound });
const under = { getParentRoute: () => root, validateSearch: validateFlat } as const;

const routes = [
  createRoute({
    ...under,
    path: '/',
    component: lazyRouteComponent(
      () => import('../pages/overview/OverviewPage.js'),
      'OverviewPage',
    ),
  }),
  createRoute({
    ...under,
    path: '/transactions',
    component: lazyRouteComponent(
      () => import('../pages/transactions/TransactionsPage.js'),
      'TransactionsPage',
    ),
  }),
  createRoute({
    ...under,
    path: '/transactions/$gtid',
    component: lazyRouteComponent(
      () => import('../pages/transaction/TransactionPage.js'),
      'TransactionPage',
    ),
  }),
  createRoute({
    ...under,
    path: '/in-doubt',
    component: lazyRouteComponent(() => import('../pages/in-doubt/InDoubtPage.js'), 'InDoubtPage'),
  }),
  createRoute({
    ...under,
    path: '/approvals',
    component: lazyRouteComponent(
      () => import('../pages/approvals/ApprovalsPage.js'),
      'ApprovalsPage',
    ),
  }),
  createRoute({
    ...under,
    path: '/bulk',
    component: lazyRouteComponent(() => import('../pages/bulk/BulkPage.js'), 'BulkPage'),
  }),
  createRoute({
    ...under,
    path: '/participants',
    component: lazyRouteComponent(
      () => import('../pages/participants/ParticipantsPage.js'),
      'ParticipantsPage',
    ),
  }),
  createRoute({
    ...under,
    path: '/alerts',
    component: lazyRouteComponent(() => import('../pages/alerts/AlertsPage.js'), 'AlertsPage'),
  }),
  createRoute({
    ...under,
    path: '/audit',
    component: lazyRouteComponent(() => import('../pages/audit/AuditPage.js'), 'AuditPage'),
  }),
  createRoute({
    ...under,
    path: '/access',
    component: lazyRouteComponent(() => import('../pages/access/AccessPage.js'), 'AccessPage'),
  }),
] as const;

export const router = createRouter({
  routeTree: root.addChildren(routes),
  history: createHashHistory(),
  parseSearch,
  stringifySearch,
  defaultPreload: 'intent',
  defaultErrorComponent: PageError,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

export type { Flat };
