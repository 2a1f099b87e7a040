// Where a participant is: by its registered name, or by a URL that the allow-list permits.
import type { ParticipantRef } from '@concordat/engine';
import { parseParticipantUrl } from './participant-url.js';
import type { Registration, Registry } from './registry.js';
import type { UrlAllowList } from './url-allow-list.js';

export type Resolution =
  | { readonly ok: true; readonly registration: Registration }
  | { readonly ok: false; readonly reason: string };

export class Directory {
  constructor(
    private readonly registry: Registry,
    private readonly allowList: UrlAllowList,
  ) {}

  /** Asked at begin, to refuse; and at every call, for names and patterns may have changed. */
  resolve(participant: ParticipantRef): Resolution {
    if (typeof participant === 'string') return this.registered(participant);
    const url = parseParticipantUrl(participant.url);
    if (typeof url === 'string') return unresolved(`the URL ${url}`);
    if (!this.allowList.permits(participant.url))
      return unresolved('the URL is not on the allow-list');
    return { ok: true, registration: { url, onePhase: false } };
  }

  private registered(name: string): Resolution {
    const registration = this.registry.get(name);
    if (registration !== undefined) return { ok: true, registration };
    return unresolved(`no participant is registered as "${name}"`);
  }
}

function unresolved(reason: string): Resolution {
  return { ok: false, reason };
}
