// What a job says, once it is believed: a job is as little to be trusted as an HTTP request, for
// whoever can reach Redis can add one.
//
//   { "headers": { "Concordat-Token": "3", … }, "body": { "payload": … } }
//
// Only a coordinator calls by a queue. 3PC is not spoken: its participants call each other.
import type { CallBody, CoordinatorHeading, FieldError, Parsed } from '@concordat/wire';
import {
  fieldError,
  isJsonObject,
  malformed,
  operationsOf,
  parseCallBody,
  parseCallHeading,
  parsed,
} from '@concordat/wire';
import type { CoordinatorCall } from '../handlers.js';
import type { Participant } from '../participant.js';

/** Names every field that is wrong. */
export class MalformedJob extends Error {
  override readonly name = 'MalformedJob';
  constructor(readonly errors: readonly FieldError[]) {
    const lines = errors.map(({ pointer, message }) => `${pointer} ${message}`);
    super(`the job is no call: ${lines.join('; ')}`);
  }
}

/** @throws {MalformedJob} */
export function callOfJob(
  { operations }: Pick<Participant, 'operations'>,
  data: unknown,
): CoordinatorCall {
  const { headers, body } = isJsonObject(data) ? data : {};
  const heading = wellFormed(headingIn(headers));
  if (!operations.has(heading.operation)) {
    throw new MalformedJob([fieldError(['concordat-operation'], 'is not known here')]);
  }
  const told: CallBody = wellFormed(parseCallBody(body));
  return { ...heading, ...told };
}

function headingIn(headers: unknown): Parsed<CoordinatorHeading> {
  if (!isJsonObject(headers)) return malformed([fieldError(['headers'], 'must be an object')]);
  const heading = parseCallHeading(lowerCased(headers));
  if (!heading.ok) return heading;
  const { value } = heading;
  if (value.from !== 'coordinator') {
    return malformed([fieldError(['concordat-token'], 'is required')]);
  }
  if (value.protocol === '3pc' || !operationsOf[value.protocol].includes(value.operation)) {
    const fault = `has no operation ${value.operation} that a queue can bear`;
    return malformed([fieldError(['concordat-protocol'], fault)]);
  }
  return parsed(value);
}

function lowerCased(headers: { readonly [name: string]: unknown }): unknown {
  const entries = Object.entries(headers);
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), value]));
}

function wellFormed<Value>(parsing: Parsed<Value>): Value {
  if (parsing.ok) return parsing.value;
  throw new MalformedJob(parsing.errors);
}
