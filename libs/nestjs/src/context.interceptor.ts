// A request that was made within a global transaction tells of it: the code that answers it can ask
// `concordat.current()`, and enlist.
//
// I1. An interceptor, and no middleware: what a middleware starts ends, for some adapters, where
//     the body of the request is read.
// I2. A header that names no transaction is none: whoever sends it is not worse off.
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { parseGtid } from '@concordat/wire';
import { Observable } from 'rxjs';
import type { Current, Surrounding } from './current.js';
import { traceparentOf } from './current.js';

export const TRANSACTION_HEADER = 'concordat-transaction';

export class ContextInterceptor implements NestInterceptor {
  constructor(private readonly surrounding: Surrounding) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const found = context.getType() === 'http' ? currentOf(context) : undefined;
    if (found === undefined) return next.handle();
    return new Observable((subscriber) =>
      this.surrounding.runWithin(found, () => next.handle().subscribe(subscriber)),
    );
  }
}

interface Headed {
  readonly headers?: Readonly<Record<string, unknown>>;
}

function currentOf(context: ExecutionContext): Current | undefined {
  const { headers = {} } = context.switchToHttp().getRequest<Headed>();
  const gtid = headers[TRANSACTION_HEADER];
  if (typeof gtid !== 'string' || !parseGtid(gtid).ok) return undefined; // I2
  const { traceparent } = headers;
  return { gtid, traceparent: typeof traceparent === 'string' ? traceparent : traceparentOf(gtid) };
}
