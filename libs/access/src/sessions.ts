// Sessions of people at the dashboard.
//
// S1. A session's id has 256 random bits, is made at login and never taken from a request. Only
//     its hash is kept.
// S2. It is over when its person logs out, after `idleMs` without one, after `lastsMs` in any case,
//     and when the key that it was begun with may no longer be used. Nothing of this is cached.
// S3. A page that asks on its own does not keep a session alive: a person does.
// S4. Where an identity provider vouches for the person, it is asked again after `confirmAfterMs`,
//     and what was confirmed longer than `confirmedMs` ago no longer counts. So a role that is
//     taken there is gone here within that time, and a provider that is away lets nobody stay.
import { randomBytes } from 'node:crypto';
import type { Grant } from '@concordat/wire/operations';
import { areEqual, hashOf } from './api-key.js';
import type { Run } from './ports.js';
import type { Principal } from './principal.js';
import type { Provider } from './provider.js';
import { sealed, unsealed } from './seal.js';
import type { SettingKey } from './setting-key.js';
import { BEGIN_SESSION } from './statements/begin-session.js';
import { CLAIM_CONFIRMATION } from './statements/claim-confirmation.js';
import { CONFIRM_SESSION } from './statements/confirm-session.js';
import { END_SESSION } from './statements/end-session.js';
import { FIND_SESSION } from './statements/find-session.js';

const ID_BYTES = 32;
const ID = /^[A-Za-z0-9_-]{43}$/;

export interface SessionLimits {
  readonly idleMs: number;
  readonly lastsMs: number;
  readonly confirmAfterMs: number;
  readonly confirmedMs: number;
}

export const defaultSessionLimits: SessionLimits = {
  idleMs: 1_800_000,
  lastsMs: 43_200_000,
  confirmAfterMs: 240_000,
  confirmedMs: 300_000,
};

export interface SessionParts {
  readonly run: Run;
  readonly setting: SettingKey | undefined;
  readonly provider: Pick<Provider, 'confirm'> | undefined;
  readonly limits?: SessionLimits;
}

export interface Session {
  readonly principal: Principal;
  /** Whatever its person does, it lasts no longer. */
  readonly endsAt: Date;
}

interface Found {
  readonly kind: Principal['kind'];
  readonly principal: string;
  readonly name: string;
  readonly bound_to: Buffer | null;
  readonly grants: readonly Grant[];
  readonly ends_at: Date;
  readonly confirmed_ago_ms: number;
}

/** Every method rejects with JournalUnavailable if the database cannot be asked. */
export class Sessions {
  private readonly limits: SessionLimits;

  constructor(private readonly parts: SessionParts) {
    this.limits = parts.limits ?? defaultSessionLimits;
  }

  /**
   * @param refreshToken what the person's provider confirms it by
   * @returns its id, for the cookie and for nobody else
   */
  async begin({ kind, id, name, grants }: Principal, refreshToken?: string): Promise<string> {
    const sessionId = randomBytes(ID_BYTES).toString('base64url');
    const keyId = kind === 'key' ? id : null;
    const boundTo = kind === 'setting' ? this.parts.setting?.bindingTo(sessionId) : undefined;
    const refresh = refreshToken === undefined ? null : sealed(sessionId, refreshToken);
    await this.parts.run(BEGIN_SESSION, [
      hashOf(sessionId),
      kind,
      id,
      name,
      JSON.stringify(grants),
      keyId,
      boundTo ?? null,
      this.limits.lastsMs,
      refresh,
    ]);
    return sessionId;
  }

  /**
   * @param isAttended whether a person has caused the request (S3)
   * @returns undefined if there is no such session, or it is over (S2)
   */
  async find(sessionId: string, isAttended: boolean): Promise<Session | undefined> {
    if (!ID.test(sessionId)) return undefined;
    const { idleMs, lastsMs } = this.limits;
    const values = [hashOf(sessionId), idleMs, lastsMs, isAttended];
    const [found] = await this.parts.run<Found>(FIND_SESSION, values);
    if (found === undefined) return undefined;
    const principal = await this.principalIn(sessionId, found);
    return principal === undefined ? undefined : { principal, endsAt: found.ends_at };
  }

  /** Logs out. */
  async end(sessionId: string): Promise<void> {
    if (ID.test(sessionId)) await this.parts.run(END_SESSION, [hashOf(sessionId)]);
  }

  private async principalIn(sessionId: string, found: Found): Promise<Principal | undefined> {
    const { kind, principal: id, name, grants } = found;
    switch (kind) {
      case 'key':
        return { kind, id, name, grants };
      case 'setting':
        return this.isOfSetting(sessionId, found) ? this.parts.setting?.principal : undefined;
      case 'token':
        return this.confirmed(sessionId, { kind, id, name, grants }, found.confirmed_ago_ms);
    }
  }

  private isOfSetting(sessionId: string, { bound_to: boundTo }: Found): boolean {
    const { setting } = this.parts;
    if (setting === undefined || boundTo === null) return false;
    return areEqual(setting.bindingTo(sessionId), boundTo);
  }

  /** S4 */
  private async confirmed(
    sessionId: string,
    known: Principal,
    agoMs: number,
  ): Promise<Principal | undefined> {
    const { confirmAfterMs, confirmedMs } = this.limits;
    const stillKnown = agoMs < confirmedMs ? known : undefined;
    const { provider, run } = this.parts;
    if (agoMs < confirmAfterMs || provider === undefined) return stillKnown;
    const hash = hashOf(sessionId);
    const [claimed] = await run<{ readonly refresh: Buffer }>(CLAIM_CONFIRMATION, [hash]);
    if (claimed === undefined) return stillKnown; // another request is about it, or nothing can be
    const answer = await provider.confirm(unsealed(sessionId, claimed.refresh), known.id);
    switch (answer.type) {
      case 'signed-in': {
        const { name, grants } = answer.principal;
        const { refreshToken } = answer;
        const refresh = refreshToken === undefined ? null : sealed(sessionId, refreshToken);
        await run(CONFIRM_SESSION, [hash, name, JSON.stringify(grants), refresh]);
        return answer.principal;
      }
      case 'refused':
        await run(END_SESSION, [hash]);
        return undefined;
      case 'unknown':
        return stillKnown;
    }
  }
}
