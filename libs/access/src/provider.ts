// Signing in through an identity provider: OpenID Connect, authorization code with PKCE.
//
//   begin ──▶ the provider's page ──▶ callback ──▶ finish ──▶ confirm, every few minutes
//
// V1. State, nonce and verifier are made for one login, and travel in a cookie of the browser that
//     began it: nobody can finish a login in somebody else's browser.
// V2. Whatever is wrong with an answer of the provider, nobody is signed in.
// V3. Roles are those of the ID token, at login and each time that it is confirmed.
import * as oidc from 'openid-client';
import type { OnTrouble } from './ports.js';
import type { Principal } from './principal.js';
import { principalOf } from './tokens.js';

export interface ProviderSettings {
  readonly issuer: string;
  readonly rolesClaim: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

export interface LoginBegun {
  /** Of the provider's page, to which the browser is sent. */
  readonly address: string;
  /** For the cookie of the login; of the characters of base64url. */
  readonly ticket: string;
}

export interface SignedIn {
  readonly principal: Principal;
  /** Confirms later that this person may still come in; undefined if the provider gives none. */
  readonly refreshToken: string | undefined;
}

/** `refused`: the provider, or what is wrong with its answer. `unknown`: it could not be asked. */
export type ProviderAnswer =
  | ({ readonly type: 'signed-in' } & SignedIn)
  | { readonly type: 'refused'; readonly reason: string }
  | { readonly type: 'unknown' };

const SCOPE = 'openid profile offline_access';
const TIMEOUT_S = 5;

interface Ticket {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

export class Provider {
  private configuration: Promise<oidc.Configuration> | undefined;

  constructor(
    private readonly settings: ProviderSettings,
    private readonly onTrouble: OnTrouble,
  ) {}

  /** @returns undefined if the provider could not be asked where its page is */
  async begin(redirectUri: string): Promise<LoginBegun | undefined> {
    const configuration = await this.discovered();
    if (configuration === undefined) return undefined;
    const verifier = oidc.randomPKCECodeVerifier();
    const ticket = { state: oidc.randomState(), nonce: oidc.randomNonce(), verifier };
    const address = oidc.buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope: SCOPE,
      state: ticket.state,
      nonce: ticket.nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    return { address: address.href, ticket: written(ticket) };
  }

  /** @param callback the address to which the provider has sent the browser, with its query */
  async finish(callback: URL, text: string | undefined): Promise<ProviderAnswer> {
    const ticket = text === undefined ? undefined : read(text);
    if (ticket === undefined) return { type: 'refused', reason: 'no login was begun here' };
    return this.ask(async (configuration) => {
      const tokens = await oidc.authorizationCodeGrant(configuration, callback, {
        pkceCodeVerifier: ticket.verifier,
        expectedState: ticket.state,
        expectedNonce: ticket.nonce,
        idTokenExpected: true,
      });
      return { claims: tokens.claims(), refreshToken: tokens.refresh_token };
    });
  }

  /** @param subject who it must be */
  async confirm(refreshToken: string, subject: string): Promise<ProviderAnswer> {
    return this.ask(async (configuration) => {
      const tokens = await oidc.refreshTokenGrant(configuration, refreshToken);
      const told = tokens.claims();
      const claims =
        told ?? (await oidc.fetchUserInfo(configuration, tokens.access_token, subject));
      if (claims.sub !== subject) return { claims: undefined, refreshToken };
      return { claims, refreshToken: tokens.refresh_token ?? refreshToken };
    });
  }

  private async ask(
    work: (configuration: oidc.Configuration) => Promise<{
      readonly claims: oidc.IDToken | oidc.UserInfoResponse | undefined;
      readonly refreshToken: string | undefined;
    }>,
  ): Promise<ProviderAnswer> {
    const configuration = await this.discovered();
    if (configuration === undefined) return { type: 'unknown' };
    try {
      const { claims, refreshToken } = await work(configuration);
      if (claims === undefined) return { type: 'refused', reason: 'it does not say who it is' };
      const principal = principalOf(claims, this.settings.rolesClaim);
      return { type: 'signed-in', principal, refreshToken };
    } catch (error) {
      const reason = refusalIn(error); // V2
      if (reason !== undefined) return { type: 'refused', reason };
      this.onTrouble('the identity provider', error);
      return { type: 'unknown' };
    }
  }

  private async discovered(): Promise<oidc.Configuration | undefined> {
    try {
      this.configuration ??= this.discover();
      return await this.configuration;
    } catch (error) {
      this.configuration = undefined;
      this.onTrouble('the identity provider', error);
      return undefined;
    }
  }

  private discover(): Promise<oidc.Configuration> {
    const { issuer, clientId, clientSecret } = this.settings;
    const server = new URL(issuer);
    const isHere = server.protocol === 'http:'; // the settings allow that on this machine only
    return oidc.discovery(server, clientId, undefined, oidc.ClientSecretBasic(clientSecret), {
      timeout: TIMEOUT_S,
      ...(isHere ? { execute: [oidc.allowInsecureRequests] } : {}),
    });
  }
}

/** Undefined if it is not known whether the provider would have refused. */
function refusalIn(error: unknown): string | undefined {
  if (error instanceof oidc.ResponseBodyError) {
    return error.status >= 500 ? undefined : `the provider says ${error.error}`;
  }
  if (error instanceof oidc.AuthorizationResponseError) return `the provider says ${error.error}`;
  if (!(error instanceof oidc.ClientError)) return undefined;
  const isLost = error.code === 'OAUTH_TIMEOUT' || error.code === 'OAUTH_RESPONSE_IS_NOT_CONFORM';
  return isLost ? undefined : `its answer is not valid (${error.code ?? error.name})`;
}

function written(ticket: Ticket): string {
  return Buffer.from(JSON.stringify(ticket), 'utf8').toString('base64url');
}

function read(text: string): Ticket | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    return isTicket(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isTicket(value: unknown): value is Ticket {
  if (typeof value !== 'object' || value === null) return false;
  return ['state', 'nonce', 'verifier'].every((name) => {
    const text: unknown = Reflect.get(value, name);
    return typeof text === 'string' && text !== '';
  });
}
