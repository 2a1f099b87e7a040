// The launchers of `scripts/lib`, which are JavaScript so that they run before anything is built.
interface Launched {
  readonly stop: () => Promise<void>;
}

declare module '*/scripts/lib/postgres.mjs' {
  export interface LaunchedPostgres extends Launched {
    readonly pid: number | undefined;
    readonly port: number;
    readonly url: (database?: string) => string;
  }
  export function startPostgres(options: {
    dataDir: string;
    port?: number;
    settings?: { readonly [name: string]: string | number };
  }): Promise<LaunchedPostgres>;
}

declare module '*/scripts/lib/redis.mjs' {
  export interface LaunchedRedis extends Launched {
    readonly pid: number | undefined;
    readonly url: string;
  }
  export function startRedis(options: {
    dir: string;
    cache: string;
    port?: number;
  }): Promise<LaunchedRedis | undefined>;
}

declare module '*/scripts/lib/ports.mjs' {
  export function freePort(): Promise<number>;
}

declare module '*/scripts/lib/ports.mjs' {
  export function freePort(): Promise<number>;
}

declare module '*/scripts/lib/service.mjs' {
  export interface ServiceDefinition {
    readonly name: string;
    readonly program: string;
    readonly env: NodeJS.ProcessEnv;
    readonly logFile: string;
  }
  export class Service {
    constructor(
      definition: ServiceDefinition,
      onLost: (service: Service, wasKilled: boolean) => void,
    );
    readonly url: string;
    readonly pid: number | undefined;
    start(): Promise<void>;
    kill(): Promise<void>;
    stop(): Promise<void>;
    failure(what: string): Error;
  }
}
