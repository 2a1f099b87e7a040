// The registered participants: a name, what kind of participant it is, and where.
//
//   CONCORDAT_PARTICIPANTS       a JSON file:
//     { "payments":  { "url": "http://…", "onePhase": true },
//       "orders-db": { "url": "postgres://app@host/orders" },
//       "stock-db":  { "url": "mysql://app@host/stock" },       mariadb:// is the same
//       "mail":      { "queue": "mail" } }                      a BullMQ queue on REDIS_URL
//   CONCORDAT_PARTICIPANT_<NAME> a URL, instead of the file's or beside it
//
// <NAME> is the name in upper case with _ for every . and -. A variable whose name is in no file
// registers a participant in lower case with - for every _: CONCORDAT_PARTICIPANT_BANK_A is bank-a.
//
// The scheme of a URL says the kind. A URL with a password belongs in the variable, not in the
// file. No message repeats a URL, or anything else that stands where one should.
import { isId, isJsonObject } from '@concordat/wire';
import type { DatabaseKind } from './database-url.js';
import { databaseKindOf, databaseUrlFaultOf } from './database-url.js';
import { ParticipantsMisconfigured } from './errors.js';
import { addressIn, metadataFaultOf } from './networks.js';
import type { ParticipantUrl } from './participant-url.js';
import { parseParticipantUrl } from './participant-url.js';

export type Registration =
  | HttpRegistration
  | DatabaseRegistration
  | QueueRegistration
  | InProcessRegistration;

export interface HttpRegistration {
  readonly kind: 'http';
  readonly url: ParticipantUrl;
  /** 2PC: it repeats its recorded answer, so it can be asked for its outcome. */
  readonly onePhase: boolean;
}

/** A resource manager: services prepare branches in it, the coordinator ends them there. */
export interface DatabaseRegistration {
  readonly kind: DatabaseKind;
  /** May hold a password. */
  readonly url: string;
}

export interface QueueRegistration {
  readonly kind: 'queue';
  readonly queue: string;
}

/** Made by code: no file can name it. */
export interface InProcessRegistration {
  readonly kind: 'in-process';
}

export type Registry = ReadonlyMap<string, Registration>;

const FILE = 'CONCORDAT_PARTICIPANTS';
const NAME_RULE = '1 to 64 characters of A-Z a-z 0-9 _ . -';
const PREFIX = 'CONCORDAT_PARTICIPANT_';
const ENTRY = 'must be an object: { "url": "http://…" } or { "queue": "…" }';
const URL_RULE = 'must be an http:, https:, postgres:, mysql: or mariadb: URL';
const SCHEME = /^(https?|postgres(ql)?|mysql|mariadb):/i;

/**
 * @param file the file, as parsed JSON; an empty object if there is none
 * @param environment `process.env`; an empty variable counts as unset
 * @throws ParticipantsMisconfigured with a line for each fault
 */
export function parseRegistry(
  file: unknown,
  environment: Readonly<Record<string, string | undefined>>,
): Registry {
  const lines: string[] = [];
  const fromFile = registrationsIn(file, lines);
  const registry = new Map([...fromFile, ...overridesIn(environment, fromFile, lines)]);
  if (lines.length > 0) throw new ParticipantsMisconfigured(lines);
  return registry;
}

function registrationsIn(file: unknown, lines: string[]): Registry {
  const registry = new Map<string, Registration>();
  if (!isJsonObject(file)) {
    lines.push(`${FILE} must be an object: { "name": { "url": "http://…" }, … }`);
    return registry;
  }
  for (const [name, entry] of Object.entries(file)) {
    const registration = isId(name) ? registrationOf(entry) : `is no name: ${NAME_RULE}`;
    if (typeof registration === 'string') lines.push(`${FILE}: "${name}" ${registration}`);
    else registry.set(name, registration);
  }
  return registry;
}

/** The registration, or what is wrong with it. */
function registrationOf(entry: unknown): Registration | string {
  if (!isJsonObject(entry)) return ENTRY;
  const { url, queue, onePhase, ...unknown } = entry;
  const [other] = Object.keys(unknown);
  if (other !== undefined) return `has an unknown field "${other}"`;
  if (onePhase !== undefined && typeof onePhase !== 'boolean') {
    return 'has a "onePhase" that is neither true nor false';
  }
  if (url !== undefined && queue !== undefined) return 'has both a "url" and a "queue"';
  const registration = queue === undefined ? urlIn(url) : queueIn(queue);
  if (typeof registration === 'string' || onePhase === undefined) return registration;
  return registration.kind === 'http' ? { ...registration, onePhase } : HTTP_ONLY;
}

const HTTP_ONLY = 'has a "onePhase", which only an http: or https: participant can have';

function queueIn(queue: unknown): Registration | string {
  return isId(queue) ? { kind: 'queue', queue } : `has a "queue" that is no name: ${NAME_RULE}`;
}

function urlIn(url: unknown): Registration | string {
  if (typeof url !== 'string') return 'must have a "url" or a "queue"';
  const registration = locatedAt(url);
  return typeof registration === 'string' ? `has a "url" that ${registration}` : registration;
}

/** The registration, or what is wrong with `text`, to be put after its name. */
function locatedAt(text: string): Registration | string {
  if (!SCHEME.test(text)) return URL_RULE;
  const kind = databaseKindOf(text);
  if (kind !== undefined) return databaseUrlFaultOf(text) ?? { kind, url: text };
  const url = parseParticipantUrl(text);
  if (typeof url === 'string') return url;
  return metadataFaultOf(addressIn(url.host) ?? '') ?? { kind: 'http', url, onePhase: false };
}

function overridesIn(
  environment: Readonly<Record<string, string | undefined>>,
  fromFile: Registry,
  lines: string[],
): Registry {
  const overrides = new Map<string, Registration>();
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith(PREFIX) || text === undefined || text === '') continue;
    const names = [...fromFile.keys()].filter((name) => variableOf(name) === variable);
    const name = names[0] ?? variable.slice(PREFIX.length).toLowerCase().replaceAll('_', '-');
    const registration = overridden(fromFile.get(name), text);
    if (names.length > 1) lines.push(`${variable} may be any of ${names.join(', ')}`);
    else if (!isId(name)) lines.push(`${variable} is no name: ${NAME_RULE}`);
    else if (typeof registration === 'string') lines.push(`${variable} ${registration}`);
    else overrides.set(name, registration);
  }
  return overrides;
}

/** The kind follows the new URL; what else the file says of an HTTP participant stays. */
function overridden(before: Registration | undefined, text: string): Registration | string {
  const registration = locatedAt(text);
  if (typeof registration === 'string' || registration.kind !== 'http') return registration;
  return { ...registration, onePhase: before?.kind === 'http' && before.onePhase };
}

function variableOf(name: string): string {
  return PREFIX + name.toUpperCase().replaceAll(/[.-]/g, '_');
}
