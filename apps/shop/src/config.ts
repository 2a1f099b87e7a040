// The only reader of the environment. A bad value ends the process and names the variable.
import { z } from 'zod';

const schema = z.object({
  DATABASE_URL: z.string().min(1),
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(0),
});

export interface Config {
  readonly databaseUrl: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/** @throws {Error} that says which variable is wrong */
export function parseConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const parsed = schema.safeParse(environment);
  if (!parsed.success) throw new Error(z.prettifyError(parsed.error));
  const { DATABASE_URL, HOST, PORT } = parsed.data;
  return { databaseUrl: DATABASE_URL, host: HOST, port: PORT };
}
