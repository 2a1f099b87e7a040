// API keys: made, looked up, revoked.
//
// What is looked up is believed for CACHE_MS from the moment at which it was asked for. So a key
// that is revoked on one instance is refused by all of them that much later, at most.
import type { AuditActor } from '@concordat/engine';
import type { Grant } from '@concordat/wire/operations';
import { ALL_TENANTS } from '@concordat/wire/operations';
import { areEqual, hashOf, newKey, prefixOf } from './api-key.js';
import { principalText } from './makers.js';
import type { AccessIds, MonotonicMs, Store } from './ports.js';
import type { Principal } from './principal.js';
import { ARE_THERE_KEYS } from './statements/are-there-keys.js';
import { FIND_KEY } from './statements/find-key.js';
import { FIND_KEY_BY_ID } from './statements/find-key-by-id.js';
import { LIST_KEYS } from './statements/list-keys.js';
import { MAKE_KEY } from './statements/make-key.js';
import { REVOKE_KEY } from './statements/revoke-key.js';

const CACHE_MS = 2_000;
const CACHED_MAX = 10_000;
export const KEYS_LISTED_MAX = 1_000;

/** A key as it may be shown to whoever manages them. */
export interface ApiKey {
  readonly id: string;
  /** The first characters of the key, by which its owner recognises it: `ck_…`. */
  readonly prefix: string;
  readonly name: string;
  readonly grants: readonly Grant[];
  readonly madeAt: Date;
  /** The kind and id of the principal that has made it. */
  readonly madeBy: string;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  /** To the minute; null if it never was. */
  readonly lastUsedAt: Date | null;
}

export interface NewKeyRequest {
  readonly name: string;
  readonly grants: readonly Grant[];
  readonly expiresAt: Date | null;
  /** In the words of whoever makes it. */
  readonly reason: string;
}

interface Found {
  readonly id: string;
  readonly hash: Buffer;
  readonly name: string;
  readonly grants: readonly Grant[];
  readonly expires_in_ms: number | null;
}

interface Cached {
  readonly askedAt: number;
  readonly found: Promise<Found | undefined>;
}

/** Every method rejects with JournalUnavailable if the database cannot be asked. */
export class ApiKeys {
  private readonly cache = new Map<string, Cached>();

  constructor(
    private readonly store: Store,
    private readonly now: MonotonicMs,
    private readonly ids: AccessIds,
  ) {}

  /** Undefined if there is no such key, or it was revoked or has expired. */
  async find(text: string): Promise<Principal | undefined> {
    const prefix = prefixOf(text);
    if (prefix === undefined) return undefined;
    const hash = hashOf(text);
    const { askedAt, found } = this.cached(prefix, hash);
    const key = await found;
    if (key === undefined || !areEqual(key.hash, hash)) return undefined;
    const hasExpired = key.expires_in_ms !== null && this.now() - askedAt >= key.expires_in_ms;
    if (hasExpired) return undefined;
    return { kind: 'key', id: key.id, name: key.name, grants: key.grants };
  }

  /** @returns the key, and its text, which nobody can be told again */
  async make(
    { name, grants, expiresAt, reason }: NewKeyRequest,
    actor: AuditActor,
  ): Promise<{ readonly key: ApiKey; readonly text: string }> {
    const id = this.ids.next();
    const { text, prefix, hash } = newKey();
    const madeBy = principalText(actor);
    const values = [id, prefix, hash, name, JSON.stringify(grants), madeBy, expiresAt];
    const after = { name, grants: grantsForAudit(grants), expiresAt: textOf(expiresAt) };
    const line = { ...this.lineOf('key.make', actor, id), reason, after };
    const [row] = await this.store.audited(line, (run) => run<KeyRow>(MAKE_KEY, values));
    if (row === undefined) throw new Error('a key that was inserted is returned');
    return { key: keyOf(row), text };
  }

  /** @returns the key as it is now; undefined if there is none. Repeating it changes nothing. */
  async revoke(id: string, actor: AuditActor): Promise<ApiKey | undefined> {
    const [before] = await this.store.run<KeyRow>(FIND_KEY_BY_ID, [id]);
    if (before === undefined) return undefined;
    if (before.revoked_at !== null) return keyOf(before);
    const line = { ...this.lineOf('key.revoke', actor, id), before: { name: before.name } };
    try {
      const [row] = await this.store.audited(line, async (run) => {
        const revoked = await run<KeyRow>(REVOKE_KEY, [id]);
        if (revoked.length === 0) throw new RevokedMeanwhile();
        return revoked;
      });
      return keyOf(row ?? before);
    } catch (error) {
      if (!(error instanceof RevokedMeanwhile)) throw error;
      return await this.revoke(id, actor);
    } finally {
      this.cache.delete(before.prefix);
    }
  }

  async list(): Promise<readonly ApiKey[]> {
    const rows = await this.store.run<KeyRow>(LIST_KEYS, [KEYS_LISTED_MAX]);
    return rows.map(keyOf);
  }

  async areThereAny(): Promise<boolean> {
    const [row] = await this.store.run<{ readonly found: boolean }>(ARE_THERE_KEYS, []);
    return row?.found === true;
  }

  private lineOf(action: string, actor: AuditActor, key: string) {
    const told = { stage: 'done', tenant: ALL_TENANTS, reason: null } as const;
    return { id: this.ids.next(), actor, action, target: { key }, ...told };
  }

  /** Requests with the same key that come together share one look-up. */
  private cached(prefix: string, hash: Buffer): Cached {
    const known = this.cache.get(prefix);
    if (known !== undefined && this.now() - known.askedAt < CACHE_MS) return known;
    const cached = { askedAt: this.now(), found: this.lookUp(prefix, hash) };
    if (this.cache.size >= CACHED_MAX) this.cache.clear();
    this.cache.set(prefix, cached);
    return cached;
  }

  /** What is not found, or could not be asked for, is not remembered. */
  private async lookUp(prefix: string, hash: Buffer): Promise<Found | undefined> {
    try {
      const [found] = await this.store.run<Found>(FIND_KEY, [prefix, hash]);
      if (found === undefined) this.cache.delete(prefix);
      return found;
    } catch (error) {
      this.cache.delete(prefix);
      throw error;
    }
  }
}

/** By somebody else: what has not been done is not in the audit. */
class RevokedMeanwhile extends Error {
  override readonly name = 'RevokedMeanwhile';
}

interface KeyRow {
  readonly id: string;
  readonly prefix: string;
  readonly name: string;
  readonly grants: readonly Grant[];
  readonly made_at: Date;
  readonly made_by: string;
  readonly expires_at: Date | null;
  readonly revoked_at: Date | null;
  readonly last_used_at: Date | null;
}

function keyOf(row: KeyRow): ApiKey {
  return {
    id: row.id,
    prefix: `ck_${row.prefix}`,
    name: row.name,
    grants: row.grants,
    madeAt: row.made_at,
    madeBy: row.made_by,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    lastUsedAt: row.last_used_at,
  };
}

function grantsForAudit(grants: readonly Grant[]) {
  return grants.map(({ tenant, roles }) => ({ tenant, roles: [...roles] }));
}

function textOf(date: Date | null): string | null {
  return date === null ? null : date.toISOString();
}
