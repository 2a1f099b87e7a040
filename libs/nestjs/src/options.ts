// How an application uses Concordat: with the coordinator in this process, or as a client of one.
import type { ClientOptions } from '@concordat/client';
import type { EmbeddedOperators, EmbeddedSettings } from '@concordat/embedded';
import type { DataSource } from 'typeorm';

interface Common {
  /**
   * The application's databases, initialized, by names. Embedded: what their repositories write
   * takes part in global transactions, and the names are those of their branches. In either way:
   * what a class with `database` means.
   */
  readonly databases?: Readonly<Record<string, DataSource>>;
  /**
   * The origins (`http://stock:3000`) that requests made inside a global transaction tell of it,
   * by Concordat-Transaction and traceparent. None unless said: nobody else should know.
   */
  readonly propagateTo?: readonly string[];
}

export interface EmbeddedModuleOptions extends Common {
  readonly mode: 'embedded';
  /** The journal's Postgres; may be one of the application's own databases. */
  readonly databaseUrl: string;
  readonly settings?: Partial<EmbeddedSettings>;
  /** Others that take part, by name: services over HTTP, or queues on `redisUrl`. */
  readonly participants?: Readonly<
    Record<string, { readonly url: string } | { readonly queue: string }>
  >;
  readonly redisUrl?: string;
  /** Serves the people who look after it: `MountedCoordinator` of @concordat/coordinator. */
  readonly operators?: EmbeddedOperators;
  /** Signs every call over HTTP: at least 32 characters, without blanks. */
  readonly secret?: string;
}

export interface ClientModuleOptions extends Common {
  readonly mode: 'client';
  /** The coordinator's. */
  readonly url: string;
  /** With which it lets this application in. */
  readonly apiKey?: string | undefined;
  /** Of one request to it; and how often, and when, one without an answer is sent again. */
  readonly timeoutMs?: number;
  readonly retry?: Exclude<ClientOptions['retry'], undefined>;
  /** How long it is tried to find out what has become of a commit; 10 000 unless said. */
  readonly settleMs?: number;
  /**
   * Where the coordinator reaches this application: its participants are below it, and the
   * coordinator's allow-list must have them.
   */
  readonly publicUrl?: string;
  /** What the coordinator signs its calls with. */
  readonly secret?: string;
}

export type ConcordatOptions = EmbeddedModuleOptions | ClientModuleOptions;
