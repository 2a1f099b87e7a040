// Calls a participant over real HTTP, the way a coordinator does.
import { randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { stopServer } from '@concordat/participant-sdk';
import type { Json, Operation, ProtocolName } from '@concordat/protocols';
import type { CallBody, CallRoster, ParticipantAnswer } from '@concordat/wire';
import { asBranchId, asGtid, decodeAnswer, encodeCallHeading } from '@concordat/wire';
import { afterAll, onTestFinished } from 'vitest';
import { eventually } from '../support/eventually.js';

const STOP_GRACE_MS = 1_000;

/** @returns the URL at which `listener` is served until the end of the test file */
export async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterAll(() => stopServer(server, STOP_GRACE_MS));
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

/** One branch of one global transaction, as its coordinator sees it. */
export interface Branch {
  readonly gtid: string;
  readonly id: string;
  /** @param retriable as for a step after the pivot */
  call(
    operation: Operation,
    token: number,
    body?: Partial<CallBody>,
    retriable?: boolean,
  ): Promise<ParticipantAnswer>;
}

export interface BranchOptions {
  readonly gtid?: string;
  readonly id?: string;
  /** Of every call that does not say otherwise. */
  readonly payload?: Json;
  /** Of every `can-commit` that does not say otherwise. */
  readonly roster?: CallRoster;
}

/** @param url the participant's; each branch has a transaction of its own unless told otherwise */
export function branchAt(
  url: string,
  protocol: ProtocolName,
  { gtid = randomUUID(), id = 'branch', payload = null, roster }: BranchOptions = {},
): Branch {
  return {
    gtid,
    id,
    async call(operation, token, body = {}, retriable = false) {
      const heading = {
        from: 'coordinator',
        gtid: asGtid(gtid),
        branch: asBranchId(id),
        operation,
        protocol,
        token,
        retriable,
        traceparent: null,
      } as const;
      const response = await fetch(`${url}/${operation}`, {
        method: 'POST',
        headers: { ...encodeCallHeading(heading), 'Content-Type': 'application/json' },
        body: JSON.stringify({ payload, ...voting(operation, roster), ...body }),
      });
      const headers = Object.fromEntries(response.headers);
      return decodeAnswer(operation, response.status, headers, await response.text());
    },
  };
}

function voting(operation: Operation, roster: CallRoster | undefined): { roster?: CallRoster } {
  return operation === 'can-commit' && roster !== undefined ? { roster } : {};
}

export const reply = (type: string, more: object = {}): object => ({
  type: 'reply',
  reply: { type },
  ...more,
});
export const acknowledged = reply('acknowledged');
export const stale = { type: 'stale' };
export const working = { type: 'working', retryAfterMs: 1_000 };

/** Asks again for as long as the answer is `working`. */
export function untilSettled(ask: () => Promise<ParticipantAnswer>): Promise<ParticipantAnswer> {
  return eventually('an answer', async () => {
    const answer = await ask();
    return answer.type !== 'working' && answer;
  });
}

/** A door that a handler waits at until the test opens it. */
export interface Latch {
  readonly reached: Promise<void>;
  readonly open: () => void;
  wait(): Promise<void>;
}

export function latch(): Latch {
  const reached = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  onTestFinished(() => opened.resolve()); // a test that fails leaves nobody waiting
  return {
    reached: reached.promise,
    open: opened.resolve,
    wait: () => {
      reached.resolve();
      return opened.promise;
    },
  };
}
