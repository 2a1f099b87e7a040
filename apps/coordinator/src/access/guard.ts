// The one door. Every request passes here before anything of it is read but its head.
//
//   route ─▶ its rule ─▶ who is it? ─▶ from our page? ─▶ not too often? ─▶ permitted? ─▶ route
//            none: boot    401, 429        403              429              403
//            is refused
//
// G1. Nobody is told anything before it is known who asks, not even whether a path leads anywhere.
// G2. Whoever is refused is in the log: who, from where, what for, and never with what.
// G3. A route without a rule ends the boot. What is forgotten is not open; it is not there.
import type { Authenticator, Credentials, Identified, Principal } from '@concordat/access';
import { Buckets, may, mayAnywhere } from '@concordat/access';
import { ALL_TENANTS } from '@concordat/wire/operations';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { isApi } from '../http/is-api.js';
import { pathOf } from '../http/problem.filter.js';
import { ProblemError } from '../http/problems.js';
import { addressOf } from './address.js';
import { knownOf, remember } from './caller.js';
import { cookieIn, SESSION_COOKIE } from './cookies.js';
import * as problems from './problems.js';
import type { Rule } from './route-table.js';
import { ruleFor } from './route-table.js';
import { isSafe, requireOurPage } from './same-origin.js';

/** A page that asks on its own says so: it keeps no session alive (S3 of sessions.ts). */
const BACKGROUND = 'concordat-background';
/** Nor does a stream of events, which a browser opens again by itself, and without such headers. */
const EVENTS = /\btext\/event-stream\b/i;
const PRINCIPALS_MAX = 10_000;
const SECOND_MS = 1_000;

export interface GuardParts {
  readonly authenticator: Pick<Authenticator, 'identify'>;
  /** Of one principal, by this instance; past it 429. */
  readonly requestsPerSecondMax: number;
  readonly publicUrl: string | undefined;
  readonly logger: Logger;
}

export class Guard {
  private readonly requests: Buckets;
  private readonly rules = new Map<string, Rule>();

  constructor(private readonly parts: GuardParts) {
    const { requestsPerSecondMax } = parts;
    const now = (): number => performance.now();
    this.requests = new Buckets(now, requestsPerSecondMax, SECOND_MS, PRINCIPALS_MAX);
  }

  /** Of the routes that are served, by method and pattern. */
  get routes(): ReadonlyMap<string, Rule> {
    return this.rules;
  }

  /** Stands before every route that `fastify` is given from now on, and before all that are not. */
  standBefore(fastify: FastifyInstance): void {
    const unlisted = new Set<string>();
    fastify.addHook('onRoute', ({ method, url, config }) => {
      for (const one of [method].flat()) {
        const rule = config?.rule ?? ruleFor(one, url);
        if (rule === undefined) unlisted.add(`${one} ${url}`);
        else this.rules.set(`${one} ${url}`, rule);
      }
    });
    fastify.addHook('onReady', (done) => {
      done(unlisted.size === 0 ? undefined : new RoutesUnlisted([...unlisted])); // G3
    });
    fastify.addHook('onRequest', (request) => this.admit(request));
  }

  /** @throws ProblemError unless the request may go on */
  async admit(request: FastifyRequest): Promise<void> {
    const { url = '' } = request.routeOptions;
    const rule = request.is404 ? 'signed-in' : this.rules.get(`${request.method} ${url}`);
    if (rule === 'anyone') return;
    try {
      await this.identify(request);
      if (rule === undefined) throw problems.unauthenticated(false); // G3 has seen to it
      if (rule !== 'signed-in') requirePermission(request, rule);
    } catch (error) {
      if (error instanceof ProblemError && error.kind !== 'unauthenticated') {
        this.log(request, error.kind); // G2; who was not recognized is there already
      }
      throw error;
    }
  }

  /**
   * Whether a request that was admitted would be now: an answer that goes on for long outlives a
   * key, a session or a role. False too if nobody can be asked.
   */
  async stillAdmits(request: FastifyRequest): Promise<boolean> {
    const { url = '' } = request.routeOptions;
    const rule = this.rules.get(`${request.method} ${url}`);
    try {
      const identified = await this.parts.authenticator.identify(credentialsIn(request, false));
      if (identified.type !== 'known' || rule === undefined) return false;
      return typeof rule === 'string' || isPermitted(identified.principal, rule);
    } catch {
      return false;
    }
  }

  /** Who it is, if anybody; for the routes that serve both. */
  async recognize(request: FastifyRequest): Promise<Identified> {
    const { [BACKGROUND]: background, accept = '' } = request.headers;
    const isAttended = background === undefined && !EVENTS.test(accept);
    const credentials = credentialsIn(request, isAttended);
    const identified = await this.parts.authenticator.identify(credentials);
    if (identified.type === 'known') remember(request, identified);
    if (identified.type === 'refused') this.log(request, identified.reason);
    return identified;
  }

  private async identify(request: FastifyRequest): Promise<void> {
    const identified = await this.recognize(request);
    if (identified.type === 'too-often') throw problems.tooOften(identified.waitMs);
    if (identified.type === 'nobody') this.log(request, 'no credential');
    if (identified.type !== 'known') {
      throw problems.unauthenticated(identified.type === 'refused');
    }
    if (identified.by === 'session' && !isSafe(request)) {
      requireOurPage(request, this.parts.publicUrl);
    }
    this.count(request, `${identified.principal.kind}:${identified.principal.id}`);
  }

  /** Health and metrics are asked for by machines of ours, and are never too much. */
  private count(request: FastifyRequest, principal: string): void {
    if (!isApi(request)) return;
    const waitMs = this.requests.waitMs(principal);
    if (waitMs > 0) throw problems.tooManyRequests(this.parts.requestsPerSecondMax, waitMs);
    this.requests.take(principal);
  }

  private log(request: FastifyRequest, reason: string): void {
    const { method, url, id: requestId } = request;
    const address = addressOf(request);
    const known = knownOf(request);
    const principal = known && `${known.principal.kind}:${known.principal.id}`;
    const told = { reason, principal, address, method, path: pathOf(url), requestId };
    this.parts.logger.warn(told, 'a request was refused');
  }
}

/** Routes that nobody has said who may call. */
export class RoutesUnlisted extends Error {
  override readonly name = 'RoutesUnlisted';
  constructor(readonly routes: readonly string[]) {
    super(`not in access/route-table.ts: ${routes.join(', ')}`);
  }
}

function credentialsIn(request: FastifyRequest, isAttended: boolean): Credentials {
  const { authorization, cookie } = request.headers;
  const sessionId = cookieIn(cookie, SESSION_COOKIE);
  return { authorization, sessionId, address: addressOf(request), isAttended };
}

function requirePermission(request: FastifyRequest, rule: Exclude<Rule, string>): void {
  const principal = knownOf(request)?.principal;
  if (principal !== undefined && isPermitted(principal, rule)) return;
  throw problems.notPermitted(rule.permission, rule.of === 'tenant' ? undefined : ALL_TENANTS);
}

function isPermitted(principal: Principal, { permission, of }: Exclude<Rule, string>): boolean {
  return of === 'tenant'
    ? mayAnywhere(principal, permission)
    : may(principal, permission, ALL_TENANTS);
}
