// The registered participants: name → URL, and what the coordinator must know of it.
//
//   CONCORDAT_PARTICIPANTS       a JSON file: { "payments": { "url": "http://…", "onePhase": true } }
//   CONCORDAT_PARTICIPANT_<NAME> a URL, instead of the file's or beside it
//
// <NAME> is the name in upper case with _ for every . and -. A variable whose name is in no file
// registers a participant in lower case with - for every _: CONCORDAT_PARTICIPANT_BANK_A is bank-a.
import { isId, isJsonObject } from '@concordat/wire';
import { ParticipantsMisconfigured } from './errors.js';
import type { ParticipantUrl } from './participant-url.js';
import { parseParticipantUrl } from './participant-url.js';

export interface Registration {
  readonly url: ParticipantUrl;
  /** 2PC: it repeats its recorded answer, so it can be asked for its outcome. */
  readonly onePhase: boolean;
}

export type Registry = ReadonlyMap<string, Registration>;

const FILE = 'CONCORDAT_PARTICIPANTS';
const NAME_RULE = '1 to 64 characters of A-Z a-z 0-9 _ . -';
const PREFIX = 'CONCORDAT_PARTICIPANT_';

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
  if (!isJsonObject(entry)) return 'must be an object: { "url": "http://…" }';
  const { url, onePhase = false, ...unknown } = entry;
  const [other] = Object.keys(unknown);
  if (other !== undefined) return `has an unknown field "${other}"`;
  if (typeof url !== 'string') return 'must have a "url"';
  if (typeof onePhase !== 'boolean') return 'has a "onePhase" that is neither true nor false';
  const parsed = parseParticipantUrl(url);
  return typeof parsed === 'string' ? `has a "url" that ${parsed}` : { url: parsed, onePhase };
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
    const url = parseParticipantUrl(text);
    if (names.length > 1) lines.push(`${variable} may be any of ${names.join(', ')}`);
    else if (!isId(name)) lines.push(`${variable} is no name: ${NAME_RULE}`);
    else if (typeof url === 'string') lines.push(`${variable} ${url}`);
    else overrides.set(name, { url, onePhase: fromFile.get(name)?.onePhase ?? false });
  }
  return overrides;
}

function variableOf(name: string): string {
  return PREFIX + name.toUpperCase().replaceAll(/[.-]/g, '_');
}
