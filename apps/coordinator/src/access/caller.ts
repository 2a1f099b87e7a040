// Who has sent the request that is being answered: the guard writes it down, controllers ask.
import type { AuditActor } from '@concordat/engine';
import type { Identified, Principal } from '@concordat/access';
import { actorOf } from '@concordat/access';
import { assert } from '@concordat/protocols';
import type { ExecutionContext } from '@nestjs/common';
import { createParamDecorator } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { addressOf } from './address.js';

export type Known = Extract<Identified, { readonly type: 'known' }>;

export interface CallerOf {
  readonly principal: Principal;
  /** As the audit keeps who has done something. */
  readonly actor: AuditActor;
}

const callers = new WeakMap<FastifyRequest, Known>();

export function remember(request: FastifyRequest, known: Known): void {
  callers.set(request, known);
}

/** Undefined on the routes for anyone. */
export function knownOf(request: FastifyRequest): Known | undefined {
  return callers.get(request);
}

export function callerOf(request: FastifyRequest): CallerOf {
  const known = callers.get(request);
  assert(known !== undefined, 'the guard lets nobody pass whom it does not know');
  const where = { address: addressOf(request), requestId: request.id };
  return { principal: known.principal, actor: actorOf(known.principal, where) };
}

/** The principal and the actor of the request, as a parameter of a controller's method. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext) =>
  callerOf(context.switchToHttp().getRequest<FastifyRequest>()),
);
