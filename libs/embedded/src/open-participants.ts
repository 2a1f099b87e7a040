// Puts the participants together: whoever is registered, each reached in its own way. Plain: it
// knows no framework and no log, so that an application can do the same within itself.
//
//   registry ──▶ directory ──┬──▶ HTTP, queues                   one adapter for all of a kind
//                            └──▶ Postgres, MariaDB and MySQL    one for each: resource managers,
//                                                                which recovery looks after too
import { randomBytes } from 'node:crypto';
import type { Participants, ResourceManager } from '@concordat/engine';
import { unreachable } from '@concordat/protocols';
import type { Registry, UrlAllowList } from '@concordat/participants';
import {
  Directory,
  HttpParticipants,
  MysqlResourceManager,
  PostgresResourceManager,
  QueueParticipants,
  RoutedParticipants,
} from '@concordat/participants';

import type { OpenDatabase } from './databases.js';

export interface ParticipantsOptions {
  readonly registry: Registry;
  readonly allowedUrls: UrlAllowList;
  /** The journal's own id: part of every name that is prepared. */
  readonly cluster: string;
  /** Where queues are; there are none without it. */
  readonly redisUrl: string | undefined;
  /** Signs every call over HTTP. */
  readonly secret: string | undefined;
  /** Those within this process; the registry has their names. */
  readonly inProcess?: Participants;
  /** The application's own databases; the registry does not have their names. */
  readonly own?: readonly OpenDatabase[];
  readonly onTrouble: (where: string, error: unknown) => void;
}

export interface OpenParticipants {
  readonly directory: Directory;
  readonly participants: Participants;
  readonly resourceManagers: readonly ResourceManager[];
  /** Calls that are under way are in doubt. */
  close(): Promise<void>;
}

type Database = Participants & ResourceManager;

/** Connects to nothing yet: whoever is gone at boot is reported, and waited for. */
export function openParticipants(options: ParticipantsOptions): OpenParticipants {
  const { registry, allowedUrls, redisUrl, secret, inProcess, own = [], onTrouble } = options;
  const registered = own.map(({ name, registration }) => [name, registration] as const);
  const directory = new Directory(new Map([...registry, ...registered]), allowedUrls);
  const randomHex = (bytes: number): string => randomBytes(bytes).toString('hex');
  const signing = secret === undefined ? undefined : { secret };
  const http = new HttpParticipants(directory, randomHex, signing);
  const queue =
    redisUrl === undefined ? undefined : new QueueParticipants(directory, { redisUrl, onTrouble });
  const databases = databasesIn(options);
  const participants = new RoutedParticipants(directory, {
    kinds: {
      http,
      ...(queue === undefined ? {} : { queue }),
      ...(inProcess === undefined ? {} : { 'in-process': inProcess }),
    },
    names: new Map([
      ...databases.map((database) => [database.name, database] as const),
      ...own.map((one) => [one.name, one.participants] as const),
    ]),
  });
  return {
    directory,
    participants,
    resourceManagers: [...databases, ...own.map(({ resourceManager }) => resourceManager)],
    close: async () => {
      const all = [http, ...(queue === undefined ? [] : [queue]), ...databases, ...own];
      await Promise.all(all.map((one) => one.close()));
    },
  };
}

function databasesIn({ registry, cluster }: ParticipantsOptions): readonly Database[] {
  return [...registry].flatMap(([name, registration]): readonly Database[] => {
    switch (registration.kind) {
      case 'postgres':
        return [new PostgresResourceManager({ name, url: registration.url, cluster })];
      case 'mysql':
        return [new MysqlResourceManager({ name, url: registration.url, cluster })];
      case 'http':
      case 'queue':
      case 'in-process':
        return [];
      default:
        return unreachable(registration);
    }
  });
}
