// Tells a method that is wrong for its path (405, `Allow`) from a path that leads nowhere (404).
import type { FastifyInstance } from 'fastify';

interface Route {
  readonly path: RegExp;
  readonly methods: readonly string[];
}

export class AllowedMethods {
  private readonly routes: Route[] = [];

  /** Remembers every route that `fastify` is given from now on. */
  constructor(fastify: FastifyInstance) {
    fastify.addHook('onRoute', ({ url, method }) => {
      if (!url.includes('*')) this.routes.push({ path: patternOf(url), methods: [method].flat() });
    });
  }

  /** @param path without a query */
  at(path: string): readonly string[] {
    const methods = this.routes.filter((route) => route.path.test(path)).flatMap((r) => r.methods);
    return [...new Set(methods)].toSorted();
  }
}

function patternOf(url: string): RegExp {
  const parts = url.split('/').map((part) => (part.startsWith(':') ? '[^/]+' : literally(part)));
  return new RegExp(`^${parts.join('/')}$`);
}

function literally(text: string): string {
  return text.replaceAll(/[^\w-]/g, '\\$&');
}
