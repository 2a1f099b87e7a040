// A coordinator elsewhere: the application's classes are participants that it calls over HTTP, at
// URLs below the application's own.
import type { ConcordatClient } from '@concordat/client';
import { concordatClient } from '@concordat/client';
import { joinBound } from '@concordat/embedded';
import { ensureBarriers } from './barriers.js';
import { ConcordatMisconfigured } from './boot-fault.js';
import { Concordat } from './concordat.js';
import { healthOf } from './health.js';
import type { ClientModuleOptions } from './options.js';
import { RemoteTransactions } from './remote-transactions.js';
import type { Parts, Runtime } from './runtime.js';

/** Below `publicUrl`: each participant has its name there. */
const SERVED_BELOW = '/concordat';

export async function openClient(
  options: ClientModuleOptions,
  { surrounding, plans, made }: Parts,
): Promise<Runtime> {
  const { url, apiKey, publicUrl, secret, databases } = options;
  if (publicUrl === undefined && made.length > 0) {
    const names = made.map(({ name }) => name).join(', ');
    throw new ConcordatMisconfigured([
      `add publicUrl to ConcordatModule: the coordinator has to call ${names} somewhere`,
    ]);
  }
  await ensureBarriers(plans, databases);
  const leaving = Object.values(databases ?? {}).map(joinBound);
  const base = `${publicUrl?.replace(/\/$/, '') ?? ''}${SERVED_BELOW}`;
  const client = clientOf(options);
  const concordat = new Concordat(new RemoteTransactions(client, surrounding, options.settleMs), {
    client,
    plans,
    refOf: (name) => ({ url: `${base}/${name}` }),
    surrounding,
    health: () => healthOf({ ping: () => ready(url, apiKey), unreachable: () => [], client }),
  });
  return {
    concordat,
    surrounding,
    start: () => undefined,
    close: async () => leaving.forEach((leave) => leave()),
    served:
      made.length === 0
        ? undefined
        : { made, prefix: new URL(base).pathname, secrets: secret === undefined ? [] : [secret] },
  };
}

function clientOf({ url, apiKey, timeoutMs, retry }: ClientModuleOptions): ConcordatClient {
  return concordatClient({
    url,
    apiKey,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(retry === undefined ? {} : { retry }),
  });
}

const PING_TIMEOUT_MS = 3_000;

async function ready(url: string, apiKey: string | undefined): Promise<void> {
  const address = `${url.replace(/\/$/, '')}/health/ready`;
  const headers = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
  const signal = AbortSignal.timeout(PING_TIMEOUT_MS);
  const answer = await fetch(address, { headers, signal, redirect: 'manual' });
  await answer.body?.cancel();
  if (answer.status === 401) throw new Error('the coordinator does not accept the apiKey: 401');
  if (!answer.ok) throw new Error(`the coordinator is not ready: ${answer.status}`);
}
