// What the bench is asked for on its command line, and by its environment.
import { parseArgs } from 'node:util';
import type { Shape } from './requests.js';

/** On the command line. */
export interface Asked {
  readonly shapes: readonly Shape[];
  /** Undefined: as many as the marks of a shape are about. */
  readonly clients: readonly number[] | undefined;
  readonly seconds: number;
  /** Where to write the figures; undefined writes none. */
  readonly json: string | undefined;
}

export interface Options extends Asked {
  readonly databaseUrl: string;
}

export const USAGE = `usage: npm run bench -- [options]
  --seconds N        how long each round is measured (5)
  --clients N,N,...  how many clients at a time (1,16,64; embedded: 1,32)
  --only SHAPE       saga, 2pc, embedded or last-resource
  --json FILE        write the figures there as well
  --help             this
DATABASE_URL names a Postgres 18 on this machine; npm run bench brings its own.`;

const SHAPES: readonly Shape[] = ['saga', '2pc', 'embedded', 'last-resource'];
const CLIENTS_MAX = 64;
const SECONDS_MAX = 600;

/**
 * Throws an Error that says what is wrong and what would be right.
 * @returns undefined if it is USAGE that is asked for
 */
export function parseArguments(args: readonly string[]): Asked | undefined {
  try {
    return askedBy(args);
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`, {
      cause: error,
    });
  }
}

/** Of a Postgres that is there; throws if nobody names one. */
export function databaseUrlFrom(env: NodeJS.ProcessEnv): string {
  const databaseUrl = env['DATABASE_URL'];
  if (!databaseUrl) throw new Error(`DATABASE_URL is not set\n\n${USAGE}`);
  return databaseUrl;
}

function askedBy(args: readonly string[]): Asked | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '5' },
      clients: { type: 'string' },
      only: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) return undefined;
  return {
    shapes: shapesFrom(values.only),
    clients: values.clients?.split(',').map((text) => numberFrom('--clients', text, CLIENTS_MAX)),
    seconds: numberFrom('--seconds', values.seconds, SECONDS_MAX),
    json: values.json,
  };
}

function shapesFrom(only: string | undefined): readonly Shape[] {
  const shape = SHAPES.find((one) => one === only);
  if (only === undefined) return SHAPES;
  if (shape !== undefined) return [shape];
  throw new Error(`--only: "${only}" is none of ${SHAPES.join(', ')}`);
}

function numberFrom(option: string, text: string, max: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw new Error(`${option}: "${text}" is not a whole number from 1 to ${max}`);
}
