// The only reader of the environment. A bad value ends the process and names the variable.
import { z } from 'zod';

/** As the coordinator has it. */
const SECRET = /^[\x21-\x7e]{32,}$/;
const secretMustBe = 'must have at least 32 characters, of printable ASCII without blanks';

const schema = z.object({
  DATABASE_URL: z.string().min(1),
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  /** Empty as good as unset, as for the coordinator. */
  CONCORDAT_PARTICIPANT_SECRET: z
    .string()
    .transform((text) => (text === '' ? undefined : text))
    .pipe(z.string().regex(SECRET, secretMustBe).optional())
    .optional(),
});

export interface Config {
  readonly databaseUrl: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Calls must be signed with it. Undefined: anybody's are heard. */
  readonly participantSecret?: string | undefined;
}

/** @throws {Error} that says which variable is wrong */
export function parseConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const parsed = schema.safeParse(environment);
  if (!parsed.success) throw new Error(z.prettifyError(parsed.error));
  const { DATABASE_URL, HOST, PORT, CONCORDAT_PARTICIPANT_SECRET } = parsed.data;
  return {
    databaseUrl: DATABASE_URL,
    host: HOST,
    port: PORT,
    participantSecret: CONCORDAT_PARTICIPANT_SECRET,
  };
}
