// Signing in and out of the dashboard, and who one is.
import { Body, Controller, Delete, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import { Sessions } from '@concordat/access';
import { parseWith } from '@concordat/wire';
import type { WhoAmIView } from '@concordat/wire/operations';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RequestBody } from '../http/json-body.js';
import { ProblemError, valueOf } from '../http/problems.js';
import {
  cookieIn,
  endedCookie,
  LOGIN_COOKIE,
  loginCookie,
  SESSION_COOKIE,
  sessionCookie,
} from './cookies.js';
import { Guard } from './guard.js';
import * as problems from './problems.js';
import { isCrossSite } from './same-origin.js';
import { signInSchema } from './schemas.js';
import { SignIn } from './sign-in.js';
import { whoAmI } from './views.js';

const FOUND = 302;
/** From the callback; relative, for we may be served below some path. */
const PAGE = '../../../ui/';
/** To type a password, find the telephone, and type the number that it shows. */
const LOGIN_LASTS_S = 600;

@Controller('v1/session')
export class SessionController {
  constructor(
    private readonly guard: Guard,
    private readonly sessions: Sessions,
    private readonly signIn: SignIn,
  ) {}

  /** Whoever is not signed in is told how one can be. */
  @Get()
  async who(@Req() request: FastifyRequest): Promise<WhoAmIView | { readonly oidc: boolean }> {
    const { oidc } = this.signIn;
    const known = await this.guard.recognize(request);
    if (known.type === 'too-often') throw problems.tooOften(known.waitMs);
    if (known.type !== 'known') return { oidc };
    return whoAmI(known.principal, known.by === 'session' ? known.endsAt : undefined, oidc);
  }

  /** A new session, whichever there was before: that one is over. */
  @Post()
  async begin(
    @Body() body: RequestBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WhoAmIView> {
    if (isCrossSite(request, this.signIn.publicUrl)) {
      throw new ProblemError('cross-site', 'Only our own page signs anybody in.');
    }
    const { key } = valueOf(parseWith(signInSchema, body));
    const principal = await this.signIn.byKey(key, request);
    const sessionId = await this.signIn.begin({ principal, refreshToken: undefined }, request);
    reply.header('set-cookie', sessionCookie(sessionId));
    const session = await this.sessions.find(sessionId, true);
    return whoAmI(principal, session?.endsAt, this.signIn.oidc);
  }

  /** To the provider's page. */
  @Get('oidc')
  async toProvider(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { address, ticket } = await this.signIn.toProvider(request);
    reply.header('set-cookie', loginCookie(ticket, LOGIN_LASTS_S));
    await reply.redirect(address, FOUND);
  }

  /**
   * Back from the provider's page. That another site has led here, a browser remembers for the next
   * request: it will not bring the session's cookie to `/ui/`, which needs none; what that page
   * then asks for brings it.
   */
  @Get('oidc/callback')
  async fromProvider(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const signedIn = await this.signIn.fromProvider(request);
    const sessionId = await this.signIn.begin(signedIn, request);
    reply.header('set-cookie', [sessionCookie(sessionId), endedCookie(LOGIN_COOKIE)]);
    await reply.redirect(PAGE, FOUND);
  }

  /** Signs out: here and now, whatever the browser does with its cookie. */
  @Delete()
  @HttpCode(204)
  async end(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const sessionId = cookieIn(request.headers.cookie, SESSION_COOKIE);
    if (sessionId !== undefined) await this.sessions.end(sessionId);
    reply.header('set-cookie', endedCookie(SESSION_COOKIE));
  }
}
