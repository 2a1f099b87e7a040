// A real identity provider (oidc-provider) on loopback. Whoever comes to its page is signed in as
// `person`, without a password: how it knows people is not our business.
import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CryptoKey, JWK } from 'jose';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';
import { afterAll } from 'vitest';

export const AUDIENCE = 'urn:concordat:test';
export const DASHBOARD = { id: 'dashboard', secret: 'the-dashboards-own-7f3b9d2c' };
const MACHINE = { id: 'machine', secret: 'the-machines-own-5a1e8c4d' };

export interface SigningKey {
  readonly kid: string;
  readonly jwk: JWK;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

export async function signingKey(kid: string): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const jwk = { ...(await exportJWK(privateKey)), kid, use: 'sig', alg: 'RS256' };
  return { kid, jwk, privateKey, publicKey };
}

export class IdentityProvider {
  /** Of everybody whom it vouches for. */
  roles: readonly string[] = ['reader'];
  person = 'alice';
  private handler: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  private keysAsked = 0;
  private keysAway = false;
  private away = false;

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => this.serve(request, response));
  }

  static async open(): Promise<IdentityProvider> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    afterAll(() => {
      server.close();
      server.closeAllConnections();
    });
    return new IdentityProvider(server);
  }

  get issuer(): string {
    const { port } = this.server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  /** How often anybody has asked for its keys. */
  get asked(): number {
    return this.keysAsked;
  }

  /** From now on it signs with the first of `keys`; whatever it has known before is forgotten. */
  start(keys: readonly SigningKey[], redirectUri?: string): void {
    const provider = new Provider(this.issuer, {
      ...SETTINGS,
      jwks: { keys: keys.map(({ jwk }) => jwk) },
      clients: clientsOf(redirectUri),
      extraTokenClaims: () => ({ concordat_roles: this.roles }),
      findAccount: (_: unknown, sub: string) => ({
        accountId: sub,
        claims: () => ({ sub, preferred_username: sub, concordat_roles: this.roles }),
      }),
    });
    const callback = provider.callback();
    this.handler = (request, response) => {
      if (request.url?.startsWith('/interaction/')) {
        this.finish(provider, request, response).catch((error: unknown) => {
          response.writeHead(500).end(String(error));
        });
      } else callback(request, response);
    };
  }

  /** Whoever asks for the keys hears nothing but a closed door. */
  hideKeys(hidden: boolean): void {
    this.keysAway = hidden;
  }

  /** Whoever comes finds a closed door. */
  disappear(away: boolean): void {
    this.away = away;
  }

  /** An access token for a machine, as a service gets one. */
  async token(scope?: string): Promise<string> {
    const basic = Buffer.from(`${MACHINE.id}:${MACHINE.secret}`).toString('base64');
    const response = await fetch(`${this.issuer}/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${basic}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        resource: AUDIENCE,
        ...(scope === undefined ? {} : { scope }),
      }),
    });
    const body = (await response.json()) as { readonly access_token?: string };
    if (body.access_token === undefined) throw new Error(`no token: ${JSON.stringify(body)}`);
    return body.access_token;
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    if (this.away) {
      request.socket.destroy();
      return;
    }
    if (request.url === '/jwks') {
      this.keysAsked += 1;
      if (this.keysAway) {
        request.socket.destroy();
        return;
      }
    }
    this.handler?.(request, response);
  }

  /** Says yes to whatever the provider would ask the person. */
  private async finish(
    provider: Provider,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { prompt, params, session } = await provider.interactionDetails(request, response);
    if (prompt.name === 'login') {
      const result = { login: { accountId: this.person } };
      await provider.interactionFinished(request, response, result);
      return;
    }
    const accountId = session?.accountId ?? this.person;
    const grant = new provider.Grant({ accountId, clientId: params.client_id });
    grant.addOIDCScope('openid profile offline_access');
    const grantId = await grant.save();
    await provider.interactionFinished(request, response, { consent: { grantId } });
  }
}

const RESOURCE = {
  scope: 'api',
  audience: AUDIENCE,
  accessTokenTTL: 300,
  accessTokenFormat: 'jwt',
  jwt: { sign: { alg: 'RS256' } },
};

const SETTINGS = {
  claims: { openid: ['sub'], profile: ['preferred_username', 'concordat_roles'] },
  conformIdTokenClaims: false, // what is asked for stands in the ID token
  cookies: { keys: ['the-providers-own-cookies'] },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      getResourceServerInfo: () => RESOURCE,
    },
  },
  interactions: { url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
  issueRefreshToken: () => true,
  pkce: { required: () => true },
};

function clientsOf(redirectUri: string | undefined): readonly object[] {
  const machine = {
    client_id: MACHINE.id,
    client_secret: MACHINE.secret,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
  };
  if (redirectUri === undefined) return [machine];
  const dashboard = {
    client_id: DASHBOARD.id,
    client_secret: DASHBOARD.secret,
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: [redirectUri],
    response_types: ['code'],
  };
  return [machine, dashboard];
}
