// The one place that reads the environment. What comes out is whole and valid; whatever is wrong
// stops the process at boot, and every bad variable is named. Values are not repeated in messages:
// some are secret.
import { readFileSync } from 'node:fs';
import type { Arming } from '@concordat/crash-points';
import type { Registry } from '@concordat/participants';
import { ParticipantsMisconfigured, parseRegistry, UrlAllowList } from '@concordat/participants';
import type { OrphanPolicy } from '@concordat/recovery';
import type { WakeupsKind } from '@concordat/wakeups';
import { z } from 'zod';
import type { AccessSettings } from './access/settings.js';
import { accessOf, accessVariables, SettingsFault } from './access/settings.js';
import { crashAt, listOf, oneOf, secret, urlOf, whole } from './config-values.js';

export interface Config {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  readonly databaseUrl: string;
  /** How long to wait at boot for a database that does not answer yet. */
  readonly databaseWaitMs: number;
  readonly databaseConnectionsMax: number;
  readonly wakeups: WakeupsKind;
  readonly access: AccessSettings;
  readonly participants: Registry;
  readonly allowedUrls: UrlAllowList;
  /** Where participants that are queues have theirs. */
  readonly redisUrl: string | undefined;
  /** Signs every call to a participant over HTTP. */
  readonly participantSecret: string | undefined;
  readonly recovery: RecoverySettings;
  /** For how long ended transactions, and so their decisions, are remembered. */
  readonly retentionDays: number;
  readonly limits: Limits;
  /** For tests: where to end this process. Never set it where anybody's money is. */
  readonly crashAt: Arming | undefined;
}

export interface RecoverySettings extends OrphanPolicy {
  /** How often each resource manager is searched for prepared branches. */
  readonly scanPeriodMs: number;
}

export interface Limits {
  /** Transactions in memory; past it a begin is refused as Overloaded. */
  readonly inFlightMax: number;
  /** In one transaction. */
  readonly branchesMax: number;
  /** Of one branch, as UTF-8 JSON. */
  readonly payloadBytesMax: number;
  /** Of one request. */
  readonly bodyBytesMax: number;
  readonly leaseMs: number;
  readonly sweepPeriodMs: number;
}

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** @param lines one for each fault; names the variable, and what it must be */
  constructor(readonly lines: readonly string[]) {
    super(lines.join('\n'));
  }
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

const environmentSchema = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: whole(0, 65_535).default(3_000),
  LOG_LEVEL: oneOf(LOG_LEVELS).default('info'),
  DATABASE_URL: urlOf('postgres', 'postgresql'),
  REDIS_URL: urlOf('redis', 'rediss').optional(),
  CONCORDAT_DATABASE_WAIT_MS: whole(0, 3_600_000).default(60_000),
  CONCORDAT_DATABASE_CONNECTIONS_MAX: whole(2, 1_000).default(10),
  ...accessVariables,
  CONCORDAT_WAKEUPS: oneOf(['redis', 'postgres', 'none']).optional(),
  CONCORDAT_PARTICIPANTS: z.string().optional(),
  CONCORDAT_PARTICIPANT_SECRET: secret().optional(),
  CONCORDAT_ALLOWED_URLS: z.string().default(''),
  CONCORDAT_ALLOWED_NETWORKS: z.string().default(''),
  CONCORDAT_SCAN_PERIOD_MS: whole(100, 86_400_000).default(10_000),
  CONCORDAT_ORPHANS: oneOf(['leave', 'roll-back']).default('leave'),
  CONCORDAT_ORPHAN_AGE_MS: whole(0, 2_592_000_000).default(300_000),
  CONCORDAT_RETENTION_DAYS: whole(1, 36_500).default(30),
  CONCORDAT_IN_FLIGHT_MAX: whole(1, 1_000_000).default(10_000),
  CONCORDAT_BRANCHES_MAX: whole(1, 10_000).default(100),
  CONCORDAT_PAYLOAD_BYTES_MAX: whole(2, 16_777_216).default(262_144),
  CONCORDAT_BODY_BYTES_MAX: whole(1_024, 67_108_864).default(1_048_576),
  CONCORDAT_LEASE_MS: whole(100, 600_000).default(5_000),
  CONCORDAT_SWEEP_PERIOD_MS: whole(10, 600_000).default(1_000),
  CONCORDAT_CRASH_AT: crashAt().optional(),
});

type Variables = Readonly<Record<string, string | undefined>>;
type Environment = z.infer<typeof environmentSchema>;

/**
 * @param variables `process.env`; an empty variable counts as unset
 * @throws ConfigError with a line for each fault
 */
export function parseConfig(variables: Variables): Config {
  const given = Object.fromEntries(Object.entries(variables).filter(([, text]) => text !== ''));
  const parsed = environmentSchema.safeParse(given);
  if (!parsed.success) {
    throw new ConfigError(parsed.error.issues.map((i) => `${i.path.join('.')} ${i.message}`));
  }
  const { data: environment } = parsed;
  try {
    return {
      host: environment.HOST,
      port: environment.PORT,
      logLevel: environment.LOG_LEVEL,
      databaseUrl: environment.DATABASE_URL,
      databaseWaitMs: environment.CONCORDAT_DATABASE_WAIT_MS,
      databaseConnectionsMax: environment.CONCORDAT_DATABASE_CONNECTIONS_MAX,
      wakeups: wakeupsOf(environment),
      access: accessOf(environment),
      participants: registryOf(environment, variables),
      redisUrl: environment.REDIS_URL,
      participantSecret: environment.CONCORDAT_PARTICIPANT_SECRET,
      recovery: {
        scanPeriodMs: environment.CONCORDAT_SCAN_PERIOD_MS,
        orphans: environment.CONCORDAT_ORPHANS,
        orphanAgeMs: environment.CONCORDAT_ORPHAN_AGE_MS,
      },
      allowedUrls: UrlAllowList.of(
        listOf(environment.CONCORDAT_ALLOWED_URLS),
        listOf(environment.CONCORDAT_ALLOWED_NETWORKS),
      ),
      retentionDays: environment.CONCORDAT_RETENTION_DAYS,
      limits: limitsOf(environment),
      crashAt: environment.CONCORDAT_CRASH_AT,
    };
  } catch (error) {
    if (error instanceof SettingsFault) throw new ConfigError(error.lines);
    if (error instanceof ParticipantsMisconfigured) throw new ConfigError(error.lines);
    throw error;
  }
}

function registryOf(
  environment: Environment,
  { CONCORDAT_PARTICIPANT_SECRET: _isNoParticipant, ...variables }: Variables,
): Registry {
  const registry = parseRegistry(readJson(environment.CONCORDAT_PARTICIPANTS), variables);
  const isQueued = [...registry.values()].some(({ kind }) => kind === 'queue');
  if (!isQueued || environment.REDIS_URL !== undefined) return registry;
  throw new ConfigError(['REDIS_URL is required where a participant is a queue']);
}

function limitsOf(environment: Environment): Limits {
  return {
    inFlightMax: environment.CONCORDAT_IN_FLIGHT_MAX,
    branchesMax: environment.CONCORDAT_BRANCHES_MAX,
    payloadBytesMax: environment.CONCORDAT_PAYLOAD_BYTES_MAX,
    bodyBytesMax: environment.CONCORDAT_BODY_BYTES_MAX,
    leaseMs: environment.CONCORDAT_LEASE_MS,
    sweepPeriodMs: environment.CONCORDAT_SWEEP_PERIOD_MS,
  };
}

function wakeupsOf(environment: Environment): WakeupsKind {
  const { CONCORDAT_WAKEUPS: asked, REDIS_URL: redisUrl, DATABASE_URL: databaseUrl } = environment;
  const kind = asked ?? (redisUrl === undefined ? 'postgres' : 'redis');
  if (kind === 'none') return { kind };
  if (kind === 'postgres') return { kind, databaseUrl };
  if (redisUrl !== undefined) return { kind, redisUrl };
  throw new ConfigError(['REDIS_URL is required where CONCORDAT_WAKEUPS is redis']);
}

function readJson(path: string | undefined): unknown {
  if (path === undefined) return {};
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const why = error instanceof SyntaxError ? 'is not JSON' : 'cannot be read';
    throw new ConfigError([`CONCORDAT_PARTICIPANTS names a file that ${why}`]);
  }
}
