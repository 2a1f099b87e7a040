// Bearer tokens of an identity provider: JSON Web Tokens that its keys have signed.
//
// J1. Only asymmetric signatures: a public key must never be taken for the secret of a MAC.
// J2. Keys come from the provider's own document and from nowhere else. A token that brings a key
//     or an address of one (`jwk`, `jku`, `x5u`, `x5c`) is refused.
// J3. An ID token says who has logged in somewhere, and lets nobody in here. One is told by its
//     audience, which is another; by `typ`; and by the claims that only ID tokens have.
// J4. The keys are asked for again every KEYS_FRESH_MS, so a key that was removed is refused that
//     much later. While the provider is away, those that are known go on, and no other is believed.
import type { Grant, Role } from '@concordat/wire/operations';
import { ALL_TENANTS, roles, tenantSchema } from '@concordat/wire/operations';
import { cleaned } from '@concordat/wire';
import type { JWTHeaderParameters, JWTPayload } from 'jose';
import { createRemoteJWKSet, decodeProtectedHeader, errors, jwtVerify } from 'jose';
import type { MonotonicMs, OnTrouble } from './ports.js';
import type { Principal } from './principal.js';

export interface TokenSettings {
  readonly issuer: string;
  /** Whom the tokens are for: this coordinator. */
  readonly audience: string;
  /** The claim that holds the roles: a list of `tenant:role`, or `role` for all tenants. */
  readonly rolesClaim: string;
}

const KEYS_FRESH_MS = 60_000;
/** After the provider was asked, whether it has answered or not. */
const KEYS_COOL_DOWN_MS = 5_000;
const KEYS_TIMEOUT_MS = 3_000;
const CLOCK_TOLERANCE_S = 5;
const TOKEN_LENGTH_MAX = 8_192;
const GRANTS_MAX = 200;

const RSA = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const CURVES = ['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];
/** J1 */
const ALGORITHMS = [...RSA, ...CURVES];
const BRINGS_A_KEY = ['jwk', 'jku', 'x5u', 'x5c'] as const;
const OF_ID_TOKENS = ['nonce', 'at_hash', 'c_hash', 's_hash'] as const;
const ACCESS_TOKEN = /^(application\/)?at\+jwt$/i;
const ANY_JWT = /^(application\/)?jwt$/i;

export type TokenAnswer =
  | { readonly type: 'known'; readonly principal: Principal }
  /** @param reason for the log */
  | { readonly type: 'refused'; readonly reason: string };

interface Keys {
  readonly set: ReturnType<typeof createRemoteJWKSet>;
  askedAt: number;
}

export class Tokens {
  private keys: Promise<Keys> | undefined;
  private failedAt: number | undefined;

  constructor(
    private readonly settings: TokenSettings,
    private readonly now: MonotonicMs,
    private readonly onTrouble: OnTrouble,
  ) {}

  /** Never rejects: what cannot be verified is refused. */
  async verify(token: string): Promise<TokenAnswer> {
    if (token.length > TOKEN_LENGTH_MAX) return refused('it is longer than any token');
    try {
      refuseForeignKeys(decodeProtectedHeader(token));
      const { set } = await this.freshKeys();
      const { issuer, audience } = this.settings;
      const { payload, protectedHeader } = await jwtVerify(token, set, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE_S,
        requiredClaims: ['exp', 'sub'],
      });
      refuseIdTokens(protectedHeader, payload);
      refuseUnprintable(payload);
      return { type: 'known', principal: principalOf(payload, this.settings.rolesClaim) };
    } catch (error) {
      return refused(this.reasonOf(error));
    }
  }

  /** J4 */
  private async freshKeys(): Promise<Keys> {
    const keys = await this.openedKeys();
    if (this.now() - keys.askedAt < KEYS_FRESH_MS) return keys;
    keys.askedAt = this.now() - KEYS_FRESH_MS + KEYS_COOL_DOWN_MS; // until it has answered
    try {
      await keys.set.reload();
      keys.askedAt = this.now();
    } catch (error) {
      this.onTrouble('keys of the identity provider', error);
    }
    return keys;
  }

  private async openedKeys(): Promise<Keys> {
    if (this.keys !== undefined) return this.keys;
    if (this.failedAt !== undefined && this.now() - this.failedAt < KEYS_COOL_DOWN_MS) {
      throw new Refused('the identity provider could not be asked for its keys');
    }
    this.keys = this.open();
    try {
      return await this.keys;
    } catch (error) {
      this.keys = undefined;
      this.failedAt = this.now();
      this.onTrouble('keys of the identity provider', error);
      throw new Refused('the identity provider cannot be asked for its keys');
    }
  }

  private async open(): Promise<Keys> {
    const set = createRemoteJWKSet(await keysAddressOf(this.settings.issuer), {
      cacheMaxAge: Number.POSITIVE_INFINITY,
      cooldownDuration: KEYS_COOL_DOWN_MS,
      timeoutDuration: KEYS_TIMEOUT_MS,
    });
    await set.reload();
    return { set, askedAt: this.now() };
  }

  private reasonOf(error: unknown): string {
    if (error instanceof Refused) return error.message;
    if (error instanceof errors.JOSEError) return `${error.code}: ${cleaned(error.message)}`;
    this.onTrouble('verifying a token', error);
    return 'it cannot be verified';
  }
}

/** Discovery, as OpenID Connect has it: the document must name the issuer that was asked for. */
async function keysAddressOf(issuer: string): Promise<URL> {
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const signal = AbortSignal.timeout(KEYS_TIMEOUT_MS);
  const response = await fetch(address, { signal, redirect: 'error' });
  if (!response.ok) throw new Error(`the identity provider answered ${response.status}`);
  const document: unknown = await response.json();
  if (!isDiscovery(document)) throw new Error('the identity provider says nothing of its keys');
  if (document.issuer !== issuer) throw new Error('the identity provider is another issuer');
  return new URL(document.jwks_uri);
}

function isDiscovery(value: unknown): value is { issuer: string; jwks_uri: string } {
  if (typeof value !== 'object' || value === null) return false;
  if (!('issuer' in value) || !('jwks_uri' in value)) return false;
  return typeof value.issuer === 'string' && typeof value.jwks_uri === 'string';
}

/** J2. jose heeds none of these; a token that has one was made for somebody who does. */
function refuseForeignKeys(header: Readonly<Record<string, unknown>>): void {
  const brought = BRINGS_A_KEY.find((name) => Object.hasOwn(header, name));
  if (brought !== undefined) throw new Refused(`it brings a key of its own (${brought})`);
}

/** J3 */
function refuseIdTokens({ typ }: JWTHeaderParameters, payload: JWTPayload): void {
  if (typ !== undefined && ACCESS_TOKEN.test(typ)) return;
  if (typ !== undefined && !ANY_JWT.test(typ)) throw new Refused('it is of another type');
  const isMarked = payload['token_use'] === 'id' || payload['typ'] === 'ID';
  if (isMarked || OF_ID_TOKENS.some((name) => Object.hasOwn(payload, name))) {
    throw new Refused('it is an ID token');
  }
}

/** Who has forged text for a name would stand in the audit as somebody else. */
function refuseUnprintable({ sub = '' }: JWTPayload): void {
  if (sub === '' || sub !== cleaned(sub)) throw new Refused('its subject is no printable name');
}

/** @param payload the claims of a token, or what a provider says of a person */
export function principalOf(
  payload: Readonly<Record<string, unknown>> & { readonly sub?: string },
  rolesClaim: string,
): Principal {
  const { sub = '' } = payload;
  const names = [payload['preferred_username'], payload['name'], payload['client_id'], sub];
  const name = names.find((one): one is string => typeof one === 'string' && one !== '') ?? sub;
  return { kind: 'token', id: sub, name: cleaned(name), grants: grantsIn(payload[rolesClaim]) };
}

/** What is not a role of ours is left out: a provider's roles are not for us alone. */
export function grantsIn(claim: unknown): readonly Grant[] {
  if (!Array.isArray(claim)) return [];
  const byTenant = new Map<string, Set<Role>>();
  for (const entry of claim.slice(0, GRANTS_MAX)) {
    const grant = typeof entry === 'string' ? grantOf(entry) : undefined;
    if (grant === undefined) continue;
    const known = byTenant.get(grant.tenant) ?? new Set<Role>();
    byTenant.set(grant.tenant, known.add(grant.role));
  }
  return [...byTenant].map(([tenant, its]) => ({ tenant, roles: [...its] }));
}

function grantOf(entry: string): { readonly tenant: string; readonly role: Role } | undefined {
  const colon = entry.lastIndexOf(':');
  const tenant = colon === -1 ? ALL_TENANTS : entry.slice(0, colon);
  const role = roles.find((one) => one === entry.slice(colon + 1));
  const isTenant = tenant === ALL_TENANTS || tenantSchema.safeParse(tenant).success;
  return role !== undefined && isTenant ? { tenant, role } : undefined;
}

function refused(reason: string): TokenAnswer {
  return { type: 'refused', reason };
}

class Refused extends Error {
  override readonly name = 'Refused';
}
