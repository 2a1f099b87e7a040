// Which coordinator is asked, and with which key.
//
//   --url            CONCORDAT_URL            http://127.0.0.1:3000
//   --key-file       CONCORDAT_API_KEY        CONCORDAT_API_KEY_FILE
//
// S1. A key is never an argument: everybody on the machine reads those (`ps`), and shells keep
//     them. Whoever tries is told so, and the key is not repeated.
// S2. A file that others may read is not taken.
// S3. No message has the key in it.
import { readFileSync, statSync } from 'node:fs';
import { usage } from './failure.js';

export interface Settings {
  /** Ends with a slash. */
  readonly url: URL;
  /** Undefined: there is none, and most of what is asked will be refused. */
  readonly apiKey: string | undefined;
}

export interface SettingOptions {
  readonly url?: string | undefined;
  readonly keyFile?: string | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const URL_DEFAULT = 'http://127.0.0.1:3000';
const OTHERS = 0o077;
const KEY_FILE_BYTES_MAX = 4_096;

/** An empty variable counts as unset. @throws Failure */
export function settingsOf(options: SettingOptions, environment: Environment): Settings {
  const url = options.url ?? given(environment, 'CONCORDAT_URL') ?? URL_DEFAULT;
  return { url: parsedUrl(url), apiKey: keyOf(options, environment) };
}

/** S1. @throws Failure */
export function refuseKeys(args: readonly string[]): void {
  const isKey = (arg: string): boolean =>
    arg.startsWith('ck_') || /^--?(?:api-?)?key(?:=|$)/i.test(arg);
  if (!args.some(isKey)) return;
  throw usage(
    'a key is never an argument, for everybody can read those (ps): put it into ' +
      'CONCORDAT_API_KEY, or into a file of your own (chmod 600) and say --key-file',
  );
}

function parsedUrl(text: string): URL {
  if (!URL.canParse(text)) throw usage('the URL of the coordinator is no URL');
  const url = new URL(text);
  const isPlain = url.username === '' && url.password === '' && url.search === '';
  if (!/^https?:$/.test(url.protocol) || !isPlain) {
    throw usage('the URL of a coordinator is http(s), without credentials and query');
  }
  url.hash = '';
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

function keyOf({ keyFile }: SettingOptions, environment: Environment): string | undefined {
  if (keyFile !== undefined) return keyIn(keyFile);
  const key = given(environment, 'CONCORDAT_API_KEY');
  if (key !== undefined) return sendable(key, 'CONCORDAT_API_KEY');
  const file = given(environment, 'CONCORDAT_API_KEY_FILE');
  return file === undefined ? undefined : keyIn(file);
}

/** S2. */
function keyIn(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile()) throw usage(`${file} is no file`);
  if ((stat.mode & OTHERS) !== 0 && process.platform !== 'win32') {
    throw usage(`others may read ${file}: chmod 600 it, and have a new key made`);
  }
  if (stat.size > KEY_FILE_BYTES_MAX) throw usage(`${file} is too long for a key`);
  return sendable(textOf(file), file);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    throw usage(`${file} cannot be read`);
  }
}

function sendable(key: string, from: string): string {
  if (!/^[\x21-\x7e]+$/.test(key)) throw usage(`${from} has no key: printable, without spaces`);
  return key;
}

function given(environment: Environment, variable: string): string | undefined {
  const text = environment[variable];
  return text === '' ? undefined : text;
}
