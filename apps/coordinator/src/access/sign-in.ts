// From a proof of who somebody is to a session. A session that was there before ends (S1).
import type {
  Authenticator,
  LoginBegun,
  Principal,
  Provider,
  Sessions,
  SignedIn,
} from '@concordat/access';
import { cleaned } from '@concordat/wire';
import type { FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { ProblemError, temporaryProblem } from '../http/problems.js';
import { addressOf } from './address.js';
import { cookieIn, LOGIN_COOKIE, SESSION_COOKIE } from './cookies.js';
import * as problems from './problems.js';
import { ownOrigin } from './same-origin.js';

const CALLBACK = '/v1/session/oidc/callback';
const PROVIDER_RETRY_AFTER_MS = 5_000;

export interface SignInParts {
  readonly authenticator: Authenticator;
  readonly sessions: Sessions;
  readonly logger: Logger;
  /** Where people reach us, if that is set. */
  readonly publicUrl: string | undefined;
  /** Through whom people can sign in, if there is somebody. */
  readonly provider: Provider | undefined;
}

export class SignIn {
  constructor(private readonly parts: SignInParts) {}

  get publicUrl(): string | undefined {
    return this.parts.publicUrl;
  }

  /** Whether one can sign in through a provider. */
  get oidc(): boolean {
    return this.parts.provider !== undefined;
  }

  /** @throws ProblemError unless it is a key that may be used */
  async byKey(key: string, request: FastifyRequest): Promise<Principal> {
    const address = addressOf(request);
    const { id: requestId } = request;
    const identified = await this.parts.authenticator.byKey(key, address);
    if (identified.type === 'known') return identified.principal;
    this.parts.logger.warn({ address, requestId }, 'a sign-in was refused');
    if (identified.type === 'too-often') throw problems.tooOften(identified.waitMs);
    throw problems.unauthenticated(true);
  }

  /** @returns the id of the session, for its cookie */
  async begin({ principal, refreshToken }: SignedIn, request: FastifyRequest): Promise<string> {
    const { authenticator, sessions, logger } = this.parts;
    const before = cookieIn(request.headers.cookie, SESSION_COOKIE);
    if (before !== undefined) await sessions.end(before);
    const sessionId = await sessions.begin(principal, refreshToken);
    authenticator.sessionBegun(sessionId, addressOf(request));
    const who = `${principal.kind}:${principal.id}`;
    logger.info(
      { principal: who, address: addressOf(request), requestId: request.id },
      'signed in',
    );
    return sessionId;
  }

  /** @throws ProblemError unless there is a provider that answers */
  async toProvider(request: FastifyRequest): Promise<LoginBegun> {
    const begun = await this.requireProvider().begin(this.callbackOf(request).href);
    if (begun === undefined) throw providerAway();
    return begun;
  }

  /** @throws ProblemError unless the provider vouches for whoever has come back from it */
  async fromProvider(request: FastifyRequest): Promise<SignedIn> {
    const callback = this.callbackOf(request);
    callback.search = new URL(request.url, callback).search;
    const ticket = cookieIn(request.headers.cookie, LOGIN_COOKIE);
    const answer = await this.requireProvider().finish(callback, ticket);
    if (answer.type === 'unknown') throw providerAway();
    if (answer.type === 'signed-in') return answer;
    const address = addressOf(request);
    const { id: requestId } = request;
    const reason = cleaned(answer.reason);
    this.parts.logger.warn({ address, requestId, reason }, 'a sign-in was refused');
    throw problems.unauthenticated(true);
  }

  private requireProvider(): Provider {
    if (this.parts.provider !== undefined) return this.parts.provider;
    throw new ProblemError('no-such-route', 'No identity provider is set.');
  }

  private callbackOf(request: FastifyRequest): URL {
    const origin = ownOrigin(request, this.parts.publicUrl);
    return new URL(`${mountedAt(request)}${CALLBACK}`, origin);
  }
}

/** The path below which an application serves us: what it has taken off before we see the rest. */
function mountedAt({ originalUrl, url }: FastifyRequest): string {
  return originalUrl.endsWith(url) ? originalUrl.slice(0, -url.length) : '';
}

function providerAway(): ProblemError {
  const detail = 'The identity provider does not answer. Sign in with a key, or try again later.';
  return temporaryProblem('provider-away', detail, PROVIDER_RETRY_AFTER_MS);
}
