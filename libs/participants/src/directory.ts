// Where a participant is: by its registered name, or by a URL that the allow-list permits.
import type { ParticipantRef } from '@concordat/engine';
import type { ProtocolName } from '@concordat/protocols';
import { parseParticipantUrl } from './participant-url.js';
import type { HttpRegistration, Registration, Registry } from './registry.js';
import type { UrlAllowList } from './url-allow-list.js';

/** Of any kind, or why there is none. */
export type Found =
  | { readonly ok: true; readonly registration: Registration }
  | { readonly ok: false; readonly reason: string };

/** One that is called over HTTP, or why there is none. */
export type Resolution =
  | { readonly ok: true; readonly registration: HttpRegistration }
  | { readonly ok: false; readonly reason: string };

/** 3PC's participants call each other, which needs a URL; a database knows no try and no step. */
const PROTOCOLS: { readonly [Kind in Registration['kind']]: readonly ProtocolName[] } = {
  http: ['2pc', '3pc', 'tcc', 'saga'],
  queue: ['2pc', 'tcc', 'saga'],
  'in-process': ['2pc', 'tcc', 'saga'],
  postgres: ['2pc'],
  mysql: ['2pc'],
};

const CALLED: { readonly [Kind in Registration['kind']]: string } = {
  http: 'a service',
  queue: 'a queue',
  'in-process': 'a participant within this process',
  postgres: 'a PostgreSQL database',
  mysql: 'a MariaDB or MySQL database',
};

export class Directory {
  constructor(
    private readonly registry: Registry,
    readonly allowList: UrlAllowList,
  ) {}

  /** Asked at begin, to refuse; and at every call, for names and patterns may have changed. */
  find(participant: ParticipantRef): Found {
    if (typeof participant === 'string') return this.registered(participant);
    const url = parseParticipantUrl(participant.url);
    if (typeof url === 'string') return unresolved(`the URL ${url}`);
    if (!this.allowList.permits(participant.url))
      return unresolved('the URL is not on the allow-list');
    return { ok: true, registration: { kind: 'http', url, onePhase: false } };
  }

  /** The same, of a participant that has a URL to be called at. */
  resolve(participant: ParticipantRef): Resolution {
    const found = this.find(participant);
    if (!found.ok) return found;
    const { registration } = found;
    if (registration.kind === 'http') return { ok: true, registration };
    const who = typeof participant === 'string' ? `"${participant}"` : 'it';
    return unresolved(`${who} is ${CALLED[registration.kind]}, which has no URL to be called at`);
  }

  private registered(name: string): Found {
    const registration = this.registry.get(name);
    if (registration !== undefined) return { ok: true, registration };
    return unresolved(`no participant is registered as "${name}"`);
  }
}

/** Why such a participant cannot take part in a transaction of `protocol`; undefined if it can. */
export function protocolFaultOf(
  { kind }: Registration,
  protocol: ProtocolName,
): string | undefined {
  const spoken = PROTOCOLS[kind];
  if (spoken.includes(protocol)) return undefined;
  return `is ${CALLED[kind]}, which can take part in ${spoken.join(', ')} only, not in ${protocol}`;
}

function unresolved(reason: string): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason };
}
