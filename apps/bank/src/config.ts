// The only reader of the environment. A bad value ends the process and names the variable.
import type { Arming } from '@concordat/crash-points';
import { crashAtMustBe, parseCrashAt } from '@concordat/crash-points';
import { isPeerPrefix } from '@concordat/participant-sdk';
import { z } from 'zod';

const databaseUrlMustBe = 'must begin with postgres://, mysql:// or mariadb://';
const peerUrlsMustBe =
  'must be URLs like http://127.0.0.1:* or https://host/path, with commas between';

/** Empty: none. */
function listed(text: string): readonly string[] {
  return text === '' ? [] : text.split(',').map((url) => url.trim());
}

function unlessEmpty(text: string): string | undefined {
  return text === '' ? undefined : text;
}

/** As the coordinator has it. */
const SECRET = /^[\x21-\x7e]{32,}$/;
const secretMustBe = 'must have at least 32 characters, of printable ASCII without blanks';

const schema = z.object({
  BANK_NAME: z.string().min(1).default('bank'),
  DATABASE_URL: z.string().regex(/^(postgres(ql)?|mysql|mariadb):\/\//, databaseUrlMustBe),
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  PEER_URLS: z
    .string()
    .default('http://127.0.0.1:*')
    .transform(listed)
    .refine((urls) => urls.every(isPeerPrefix), peerUrlsMustBe),
  MEMORY_SLACK_MS: z.coerce.number().int().min(0).max(3_600_000).default(5_000),
  SILENCE_MS: z.coerce.number().int().min(100).max(3_600_000).default(15_000),
  CONCORDAT_PARTICIPANT_SECRET: z
    .string()
    .transform(unlessEmpty)
    .pipe(z.string().regex(SECRET, secretMustBe).optional())
    .optional(),
  /** Empty as good as unset, as for the coordinator. */
  CONCORDAT_CRASH_AT: z
    .string()
    .transform(unlessEmpty)
    .refine((text) => text === undefined || parseCrashAt(text) !== undefined, crashAtMustBe)
    .optional(),
});

export interface Config {
  readonly bankName: string;
  readonly databaseUrl: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Where the participants are that may be called when the coordinator of a 3PC is silent. */
  readonly peerUrls: readonly string[];
  /** By how much a coordinator's clock may be ahead: for so long a new database is in no 3PC. */
  readonly memorySlackMs: number;
  /** For how long it must be silent. */
  readonly silenceMs: number;
  /** Calls must be signed with it, and calls to other banks are. Undefined: anybody's are heard. */
  readonly participantSecret: string | undefined;
  /** For tests: where to end this process. Never set it where anybody's money is. */
  readonly crashAt?: Arming | undefined;
}

/** @throws {Error} that says which variable is wrong */
export function parseConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const parsed = schema.safeParse(environment);
  if (!parsed.success) throw new Error(z.prettifyError(parsed.error));
  const { BANK_NAME, DATABASE_URL, HOST, PORT, PEER_URLS, SILENCE_MS } = parsed.data;
  const { MEMORY_SLACK_MS, CONCORDAT_PARTICIPANT_SECRET, CONCORDAT_CRASH_AT } = parsed.data;
  return {
    bankName: BANK_NAME,
    databaseUrl: DATABASE_URL,
    host: HOST,
    port: PORT,
    peerUrls: PEER_URLS,
    memorySlackMs: MEMORY_SLACK_MS,
    silenceMs: SILENCE_MS,
    participantSecret: CONCORDAT_PARTICIPANT_SECRET,
    crashAt: CONCORDAT_CRASH_AT === undefined ? undefined : parseCrashAt(CONCORDAT_CRASH_AT),
  };
}
