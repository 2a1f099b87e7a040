// What of @nestjs/platform-express an application without routes needs: it is not installed here,
// and Express itself is. As there, bodies are parsed before anybody else has the request.
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import { AbstractHttpAdapter } from '@nestjs/core';
import type { Express } from 'express';
import express from 'express';

const nothing = (): void => undefined;

export class ExpressAdapter extends AbstractHttpAdapter<Server> {
  constructor() {
    super(express());
  }

  override getType(): string {
    return 'express';
  }

  override initHttpServer(): void {
    this.setHttpServer(createServer(this.getInstance<Express>()));
  }

  override registerParserMiddleware(): void {
    this.getInstance<Express>().use(express.json());
  }

  override listen(port: string | number, ...given: unknown[]): Server {
    return this.getHttpServer().listen(port, ...(given as []));
  }

  override close(): Promise<void> {
    this.getHttpServer().closeAllConnections();
    return new Promise((resolve) => this.getHttpServer().close(() => resolve()));
  }

  override createMiddlewareFactory() {
    return nothing;
  }

  override applyVersionFilter() {
    return () => nothing;
  }

  override useStaticAssets = nothing;
  override setViewEngine = nothing;
  override getRequestHostname = nothing;
  override getRequestMethod = nothing;
  override getRequestUrl = nothing;
  override status = nothing;
  override reply = nothing;
  override end = nothing;
  override render = nothing;
  override redirect = nothing;
  override setErrorHandler = nothing;
  override setNotFoundHandler = nothing;
  override isHeadersSent = nothing;
  override getHeader = nothing;
  override setHeader = nothing;
  override appendHeader = nothing;
  override enableCors = nothing;
}
