// Every route for operators has its command, or a reason why not: a new one fails until it has
// either. Each command is run here against a server that writes down what it is asked.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Failure } from './failure.js';
import { programOf } from './program.js';
import { Shell } from './shell.js';

const GTID = '01a1ff04-ba06-737a-850d-f36586c76403';
const ID = '01a1ff04-ba06-737a-850d-f36586c76404';

const onBranch = `${GTID} credit`;
const looked = '--evidence seen';

/** By the routes that it is there for. */
const COMMANDS: Readonly<Record<string, string>> = {
  'GET /v1/session': 'whoami',
  'GET /v1/access/roles': 'roles',
  'GET /v1/access/keys': 'keys',
  'POST /v1/access/keys': 'keys create ci --grant *=reader',
  'DELETE /v1/access/keys/:id': `keys revoke ${ID}`,
  'GET /v1/operations/alerts': 'alerts',
  'POST /v1/operations/alerts': 'alerts create it --watch orphans --at-least 1 --to https://it',
  'PUT /v1/operations/alerts/:id': `alerts change ${ID} --quiet 2h`,
  'DELETE /v1/operations/alerts/:id': `alerts remove ${ID}`,
  'POST /v1/operations/alerts/:id/test': `alerts test ${ID}`,
  'GET /v1/operations/approvals': 'approvals',
  'POST /v1/operations/approvals/:id/approve': `approve ${ID}`,
  'POST /v1/operations/approvals/:id/reject': `reject ${ID}`,
  'GET /v1/operations/audit': 'audit',
  'GET /v1/operations/audit/verify': 'audit verify',
  'GET /v1/operations/bulk': 'bulk list',
  'POST /v1/operations/bulk': 'bulk run retry --stuck',
  'GET /v1/operations/bulk/:id': `bulk show ${ID}`,
  'POST /v1/operations/bulk/:id/cancel': `bulk cancel ${ID}`,
  'POST /v1/operations/bulk/:id/pause': `bulk pause ${ID}`,
  'POST /v1/operations/bulk/:id/resume': `bulk resume ${ID}`,
  'GET /v1/operations/events': `watch ${GTID}`,
  'GET /v1/operations/in-doubt': 'in-doubt',
  'POST /v1/operations/resource-managers/:name/end': `in-doubt end orders gid ${looked} --outcome commit`,
  'GET /v1/operations/overview': 'overview',
  'GET /v1/operations/participants': 'participants',
  'POST /v1/operations/participants/:name/pause': 'participants pause alfa',
  'POST /v1/operations/participants/:name/resume': 'participants resume alfa',
  'GET /v1/operations/transactions': 'list',
  'GET /v1/operations/transactions/:gtid': `show ${GTID} --no-ask`,
  'GET /v1/operations/transactions/:gtid/truth': `show ${GTID}`,
  'POST /v1/operations/transactions/:gtid/forget': `forget ${GTID}`,
  'POST /v1/operations/transactions/:gtid/pause': `pause ${GTID}`,
  'POST /v1/operations/transactions/:gtid/resume': `resume ${GTID}`,
  'POST /v1/operations/transactions/:gtid/retry': `retry ${GTID}`,
  'POST /v1/operations/transactions/:gtid/rollback': `rollback ${GTID}`,
  'POST /v1/operations/transactions/:gtid/branches/:branch/amend': `amend ${onBranch} --payload 1`,
  'POST /v1/operations/transactions/:gtid/branches/:branch/force': `force ${onBranch} ${looked} --outcome commit`,
  'POST /v1/operations/transactions/:gtid/branches/:branch/replay': `replay ${onBranch}`,
  'POST /v1/operations/transactions/:gtid/branches/:branch/resolve': `resolve ${onBranch} ${looked} --as done`,
  'POST /v1/operations/transactions/:gtid/branches/:branch/skip': `skip ${onBranch}`,
  'GET /v1/operations/views': 'views',
  'POST /v1/operations/views': 'views save mine --stuck',
  'DELETE /v1/operations/views/:id': `views remove ${ID}`,
  'GET /v1/resource-managers': 'databases',
  'POST /v1/resource-managers/:name/scan': 'databases scan orders',
  'POST /v1/resource-managers/:name/self-test': 'databases self-test orders',
};

/** Whose business it is not. */
const OTHERS: Readonly<Record<string, string>> = {
  'POST /v1/session': 'a browser signs in; a command brings its key with every request',
  'DELETE /v1/session': 'likewise',
  'GET /v1/session/oidc': 'likewise',
  'GET /v1/session/oidc/callback': 'likewise',
};

/** What initiators ask, by a library; what is for probes, for scrapers and for browsers. */
const ELSEWHERE = /^\w+ \/(?:v1\/transactions|health|metrics|openapi|docs|ui|$)/;

test('every route for operators has a command, or a reason why not', () => {
  const golden = new URL('../../../test/access/routes.txt', import.meta.url);
  const lines = readFileSync(golden, 'utf8').trim().split('\n');
  const routes = lines.map((line) => line.split(/ {2,}/)[0] ?? '');
  const ours = routes.filter((route) => !route.startsWith('HEAD') && !ELSEWHERE.test(route));
  const known = [...Object.keys(COMMANDS), ...Object.keys(OTHERS)];
  expect(ours.length).toBeGreaterThan(40);
  expect([...known].sort()).toEqual([...ours].sort());
});

describe('what the route is for', () => {
  test.each(Object.entries(COMMANDS))('%s', async (route, command) => {
    const isSought = (request: string): boolean => patternOf(route).test(request);
    const asked = await askedBy(command.split(' '), isSought);
    expect(asked.filter(isSought)).toHaveLength(1);
  });
});

/**
 * @param isSought of what is asked side by side, nothing is refused until this has been
 * @returns method and path of each request
 */
async function askedBy(
  args: readonly string[],
  isSought: (request: string) => boolean,
): Promise<readonly string[]> {
  const asked: string[] = [];
  const sought = Promise.withResolvers<void>();
  const answer = async ({ method = '', url = '' }: IncomingMessage, response: ServerResponse) => {
    const { pathname } = new URL(url, 'http://here');
    asked.push(`${method} ${pathname}`);
    if (asked.some(isSought)) sought.resolve();
    const body = method === 'GET' ? LISTS[pathname] : undefined;
    if (body === undefined) await sought.promise;
    response.writeHead(body === undefined ? 403 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body ?? REFUSED));
  };
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const silent = { write: () => undefined };
  const shell = new Shell(silent, silent, { CONCORDAT_URL: `http://127.0.0.1:${port}` });
  const program = programOf(shell);
  const needsReason = reasoned(args, program.commands);
  const given = needsReason ? [...args, '--reason', 'to see'] : args;
  await program.parseAsync(given, { from: 'user' }).catch((error: unknown) => {
    if (!(error instanceof Failure)) throw error; // it was refused
  });
  return asked;
}

const REFUSED = { type: 'about:blank', title: 'No', status: 403, detail: 'This takes more.' };

/** What has to be found before it can be asked for. */
const LISTS: Readonly<Record<string, unknown>> = {
  '/v1/access/keys': {
    items: [
      {
        id: ID,
        name: 'ci',
        prefix: 'ck_',
        grants: [{ tenant: '*', roles: ['reader'] }],
        madeBy: 'me',
        madeAt: '2026-11-20T12:00:00Z',
      },
    ],
  },
  '/v1/operations/alerts': {
    items: [
      {
        id: ID,
        name: 'it',
        condition: { watch: 'orphans', atLeast: 1 },
        url: 'https://it',
        quietMs: 1_000,
        enabled: true,
        madeBy: 'me',
        firing: [],
        deliveries: [],
      },
    ],
  },
  '/v1/operations/views': {
    items: [{ id: ID, name: 'mine', query: {}, builtIn: false, count: 1, atLeast: false }],
  },
};

type Commands = ReturnType<typeof programOf>['commands'];

/** Whether the command that is named takes a reason. */
function reasoned([name, ...rest]: readonly string[], commands: Commands): boolean {
  const command = commands.find((one) => one.name() === name);
  if (command === undefined) return false;
  const isMore = command.commands.some((one) => one.name() === rest[0]);
  if (isMore) return reasoned(rest, command.commands);
  return command.options.some(({ long }) => long === '--reason');
}

function patternOf(route: string): RegExp {
  return new RegExp(`^${route.replaceAll(/:\w+/g, '[^/]+')}$`);
}
