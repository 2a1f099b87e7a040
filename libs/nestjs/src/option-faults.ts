// What is wrong with the module's options, before anything is opened: what comes from an
// environment may be absent, or another thing than its type says.
import { secretFaultOf } from '@concordat/wire';
import type { ConcordatOptions } from './options.js';

/** @returns for people; what each option must be */
export function optionFaults(options: ConcordatOptions): readonly string[] {
  const { databases = {}, propagateTo = [], secret } = options;
  const secretFault = secret === undefined ? undefined : secretFaultOf(secret);
  return [
    ...modeFaults(options),
    ...Object.entries(databases).flatMap(([name, dataSource]) => databaseFaults(name, dataSource)),
    ...propagateTo.flatMap(originFaults),
    ...(secretFault === undefined ? [] : [`the secret ${secretFault}`]),
  ];
}

function modeFaults(options: ConcordatOptions): readonly string[] {
  switch (options.mode) {
    case 'embedded':
      return /^postgres(ql)?:\/\//.test(options.databaseUrl)
        ? []
        : ["databaseUrl: must be the journal's, postgres://user@host:port/database"];
    case 'client': {
      const { url, apiKey, publicUrl } = options;
      const isPublic = publicUrl === undefined || isHttp(publicUrl);
      return [
        ...(isHttp(url) ? [] : ["url: must be the coordinator's, such as http://concordat:3000"]),
        ...(isSendable(apiKey) ? [] : ['apiKey: must be printable ASCII without spaces']),
        ...(isPublic ? [] : ["publicUrl: must be this application's, such as http://shop:8080"]),
      ];
    }
    default:
      return ["mode: must be 'embedded' or 'client'"];
  }
}

interface Initializable {
  readonly isInitialized: boolean;
}

function databaseFaults(name: string, dataSource: Initializable | undefined): readonly string[] {
  if (dataSource === undefined) return [`the database "${name}": give its DataSource`];
  if (dataSource.isInitialized) return [];
  return [`the database "${name}": await its DataSource's initialize() first`];
}

/** A path would be taken for a promise that others of the same origin are told nothing. */
function originFaults(text: string): readonly string[] {
  if (isHttp(text) && ['', '/'].includes(text.replace(/^https?:\/\/[^/?#]*/i, ''))) return [];
  return [`propagateTo: "${text}" is no origin, such as http://stock:3000`];
}

/** It is never repeated in a message. */
function isSendable(apiKey: string | undefined): boolean {
  return apiKey === undefined || /^[\x21-\x7e]+$/.test(apiKey);
}

function isHttp(text: string): boolean {
  const { protocol } = URL.parse(text) ?? {};
  return protocol === 'http:' || protocol === 'https:';
}
