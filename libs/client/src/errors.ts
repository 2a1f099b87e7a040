// What can go wrong between an initiator and a coordinator. An outcome is none of these: a
// transaction that has rolled back is a result like any other.
//
//   ConcordatProblem        the coordinator has answered no, and says why
//   UnreadableAnswer        something has answered what no coordinator says
//   CoordinatorUnreachable  nobody has answered, however often it was asked
//
// R1. An unknown answer is not a no. Where a begin may have been heard, its error says that it is
//     not known whether the transaction began, and has the key to ask again with.
import type { FieldError, Problem } from '@concordat/wire';
import { cleaned } from '@concordat/wire';

/** What was asked for, as far as an error must tell of it. */
export interface Asked {
  /** `POST http://127.0.0.1:3000/v1/transactions` */
  readonly what: string;
  readonly changesSomething: boolean;
  /** Of a begin. */
  readonly idempotencyKey: string | undefined;
}

/** The coordinator has refused a request, as RFC 9457 puts it. */
export class ConcordatProblem extends Error {
  override readonly name = 'ConcordatProblem';

  /** @param document as it came: `type`, `title`, `detail`, and where they apply more */
  constructor(readonly document: Problem) {
    const { detail, errors = [] } = document;
    super([detail, ...errors.map(({ pointer, message }) => `${pointer} ${message}`)].join('\n  '));
  }

  get status(): number {
    return this.document.status;
  }

  /** The last part of its type: `malformed-request`, `not-active` … (docs/PROTOCOL.md). */
  get kind(): string {
    return this.document.type.slice(this.document.type.lastIndexOf(':') + 1);
  }

  /** Every bad field, by its JSON pointer; empty if that is not what is wrong. */
  get errors(): readonly FieldError[] {
    return this.document.errors ?? [];
  }
}

/** Whoever has answered is no coordinator, or one that speaks otherwise. */
export class UnreadableAnswer extends Error {
  override readonly name = 'UnreadableAnswer';
  /** The key of the begin that was answered so (R1). */
  readonly idempotencyKey: string | undefined;

  /** @param why what is wrong with `text`, the body that came with `status` */
  constructor(
    asked: Asked,
    readonly status: number,
    why: string,
    text: string,
  ) {
    super(`${asked.what} was answered ${status}, ${why}: ${excerptOf(text)}${fateOf(asked, true)}`);
    this.idempotencyKey = asked.idempotencyKey;
  }
}

/** No attempt has got an answer that says anything. `cause` is what came of the last one. */
export class CoordinatorUnreachable extends Error {
  override readonly name = 'CoordinatorUnreachable';
  /** The key of the begin: the same request with it begins once, or finds what has begun (R1). */
  readonly idempotencyKey: string | undefined;

  constructor(
    asked: Asked,
    readonly attempts: number,
    /** False: nothing was done, for the request was not heard, or was sent back. */
    readonly mayHaveHappened: boolean,
    cause: Error,
  ) {
    const times = attempts === 1 ? 'once' : `${attempts} times`;
    const fate = fateOf(asked, mayHaveHappened);
    super(`${asked.what} was asked ${times} in vain (${reasonOf(cause)})${fate}`, { cause });
    this.idempotencyKey = asked.idempotencyKey;
  }
}

/** R1. */
function fateOf({ changesSomething, idempotencyKey }: Asked, mayHaveHappened: boolean): string {
  if (!changesSomething) return '';
  if (idempotencyKey === undefined) {
    return mayHaveHappened
      ? '. It is not known whether it was done: it may be asked again'
      : '. Nothing was done by that';
  }
  if (!mayHaveHappened) return '. Nothing was begun by that';
  const key = JSON.stringify(idempotencyKey);
  return `. It is not known whether the transaction began: ask again with idempotencyKey ${key}`;
}

/** `fetch failed` has what failed as its cause; where several addresses failed, only its code. */
function reasonOf({ message, cause }: Error): string {
  if (!(cause instanceof Error)) return message;
  const code = 'code' in cause ? String(cause.code) : message;
  return cause.message === '' ? code : cause.message;
}

const EXCERPT_LENGTH_MAX = 200;

function excerptOf(text: string): string {
  const excerpt = cleaned(text).slice(0, EXCERPT_LENGTH_MAX);
  return excerpt === '' ? 'nothing' : excerpt;
}
