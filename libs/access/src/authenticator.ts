// From what a request brings to who has sent it.
//
//   Authorization: Bearer …  ─▶ the setting's key │ ck_… : a key │ otherwise: a token
//   the cookie of a session  ─▶ the session's principal
//
// Of the two the header counts, for a page cannot set it by accident.
import type { ApiKeys } from './api-keys.js';
import type { Attempts } from './attempts.js';
import type { Principal } from './principal.js';
import type { Sessions } from './sessions.js';
import type { SettingKey } from './setting-key.js';
import type { Tokens } from './tokens.js';

export interface Credentials {
  /** The header as it came. */
  readonly authorization: string | undefined;
  /** The id in the cookie of a session. */
  readonly sessionId: string | undefined;
  /** Where the request came from, as far as trusted proxies tell. */
  readonly address: string;
  /** Whether a person has caused it, and not a page on its own. */
  readonly isAttended: boolean;
}

export type Identified =
  | { readonly type: 'known'; readonly by: 'bearer'; readonly principal: Principal }
  | {
      readonly type: 'known';
      readonly by: 'session';
      readonly principal: Principal;
      readonly sessionId: string;
      readonly endsAt: Date;
    }
  | { readonly type: 'nobody' }
  /** @param reason for the log, and not for whoever has failed */
  | { readonly type: 'refused'; readonly reason: string }
  | { readonly type: 'too-often'; readonly waitMs: number };

export interface AuthenticatorParts {
  readonly setting: SettingKey | undefined;
  readonly keys: ApiKeys;
  readonly tokens: Tokens | undefined;
  readonly sessions: Sessions;
  /** With keys and tokens. */
  readonly attempts: Attempts;
  /** With sessions: a page whose session is over may ask a few times more. */
  readonly sessionAttempts: Attempts;
}

/** Header, claims, signature. */
const TOKEN_PARTS = 3;
const BEARER = /^bearer +(?<credential>[\x21-\x7e]+) *$/i;

type Examined = { readonly principal: Principal } | { readonly reason: string };

/** Rejects with JournalUnavailable if the database cannot be asked, and then lets nobody in. */
export class Authenticator {
  constructor(private readonly parts: AuthenticatorParts) {}

  async identify(credentials: Credentials): Promise<Identified> {
    const { authorization, sessionId, address, isAttended } = credentials;
    if (authorization !== undefined) {
      const credential = BEARER.exec(authorization)?.groups?.['credential'];
      if (credential === undefined) return this.malformed(address);
      return this.limited(address, credential, this.verifierOf(credential), () =>
        this.bearer(credential),
      );
    }
    if (sessionId === undefined) return { type: 'nobody' };
    return this.session(sessionId, address, isAttended);
  }

  /** Nobody guesses 256 bits; what is limited is what it costs the database to say so. */
  private async session(
    sessionId: string,
    address: string,
    isAttended: boolean,
  ): Promise<Identified> {
    const { sessions, sessionAttempts } = this.parts;
    const waitMs = sessionAttempts.waitMs(address, sessionId);
    if (waitMs > 0) return { type: 'too-often', waitMs };
    const session = await sessions.find(sessionId, isAttended);
    if (session === undefined) {
      sessionAttempts.failed(address);
      return { type: 'refused', reason: 'there is no such session' };
    }
    sessionAttempts.succeeded(address, sessionId);
    return { type: 'known', by: 'session', sessionId, ...session };
  }

  /** For a login: the same as a key in the header. A token begins no session. */
  async byKey(key: string, address: string): Promise<Identified> {
    return this.limited(address, key, undefined, () => this.key(key));
  }

  /** Of somebody who has proved at this moment who they are. */
  sessionBegun(sessionId: string, address: string): void {
    this.parts.sessionAttempts.succeeded(address, sessionId);
  }

  private malformed(address: string): Identified {
    this.parts.attempts.failed(address);
    return { type: 'refused', reason: 'the header is malformed' };
  }

  /** @param always may be asked however often the address has failed: it cannot be guessed (T1) */
  private async limited(
    address: string,
    credential: string,
    always: (() => Promise<Examined>) | undefined,
    examine: () => Promise<Examined>,
  ): Promise<Identified> {
    const { attempts } = this.parts;
    const waitMs = attempts.waitMs(address, credential);
    if (waitMs > 0 && always === undefined) return { type: 'too-often', waitMs };
    const examined = await (waitMs > 0 && always !== undefined ? always() : examine());
    if ('reason' in examined) {
      attempts.failed(address);
      return { type: 'refused', reason: examined.reason };
    }
    if (examined.principal.kind !== 'token') attempts.succeeded(address, credential);
    return { type: 'known', principal: examined.principal, by: 'bearer' };
  }

  private async bearer(credential: string): Promise<Examined> {
    const byKey = await this.key(credential);
    const verify = this.verifierOf(credential);
    return 'principal' in byKey || verify === undefined ? byKey : verify();
  }

  /** Undefined if it has not the form of a token, or none are believed. */
  private verifierOf(credential: string): (() => Promise<Examined>) | undefined {
    const { tokens } = this.parts;
    if (tokens === undefined || credential.split('.').length !== TOKEN_PARTS) return undefined;
    return async () => {
      const answer = await tokens.verify(credential);
      if (answer.type === 'known') return { principal: answer.principal };
      return { reason: `a token: ${answer.reason}` };
    };
  }

  private async key(credential: string): Promise<Examined> {
    const { setting, keys } = this.parts;
    if (setting?.is(credential) === true) return { principal: setting.principal };
    const principal = await keys.find(credential);
    return principal === undefined ? { reason: 'no key that may be used' } : { principal };
  }
}
