// Rules that watch what is wrong, and tell it to webhooks: their routes, and the watching itself.
import type { Route } from '../api.js';
import { Periodic } from '../periodic.js';
import { Rules } from './rules.js';
import type { AlertPorts } from './ports.js';
import { Watch } from './watch.js';

const LOOK_EVERY_MS = 10_000;
const PATH = '/v1/operations/alerts';

export interface Alerts {
  readonly routes: readonly Route[];
  /** Begins to watch. */
  start(): void;
  /** Resolves when the turn that is under way has ended; another instance may watch then. */
  stop(): Promise<void>;
}

export function openAlerts(ports: AlertPorts): Alerts {
  const watch = new Watch(ports, ports.ids.next());
  const looking = new Periodic('alerts', () => watch.look(), LOOK_EVERY_MS, ports);
  return {
    routes: routesOf(new Rules(ports)),
    start: () => looking.start(),
    stop: async () => {
      await looking.stop();
      await watch.release().catch((error: unknown) => ports.troubled('alerts', error));
    },
  };
}

function routesOf(rules: Rules): readonly Route[] {
  const changing = { permission: 'alerts.manage', of: 'installation' } as const;
  return [
    {
      method: 'GET',
      path: PATH,
      permission: 'read',
      of: 'installation',
      summary: 'Rules that watch: for what each fires now, and what it told',
      answer: async ({ principal }) => ({
        status: 200,
        body: { items: await rules.list(principal) },
      }),
    },
    {
      ...changing,
      method: 'POST',
      path: PATH,
      summary: 'Make a rule; the answer shows its secret, this once',
      answer: async (request) => ({ status: 201, body: await rules.make(request) }),
    },
    {
      ...changing,
      method: 'PUT',
      path: `${PATH}/:id`,
      summary: 'Change a rule; its secret stays',
      answer: async (request) => ({ status: 200, body: await rules.change(request) }),
    },
    {
      ...changing,
      method: 'DELETE',
      path: `${PATH}/:id`,
      summary: 'Remove a rule, and what it told',
      answer: async (request) => {
        await rules.remove(request);
        return { status: 204 };
      },
    },
    {
      ...changing,
      method: 'POST',
      path: `${PATH}/:id/test`,
      summary: 'Tell the webhook of a rule that this is a test',
      answer: async (request) => ({ status: 200, body: await rules.test(request) }),
    },
  ];
}
