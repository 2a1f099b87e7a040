// Puts access control together. Made of what it finds: without a credential that could ever work
// it lets nobody in, and says what to set.
import type { OnTrouble } from '@concordat/access';
import {
  ApiKeys,
  Attempts,
  Authenticator,
  Provider,
  sessionAttemptLimits,
  Sessions,
  SettingKey,
  Tokens,
} from '@concordat/access';
import type { OpenJournal } from '@concordat/journal';
import type { Logger } from 'pino';
import { v7 as uuidv7 } from 'uuid';
import type { AccessSettings, OidcClient, OidcSettings } from './settings.js';
import { storeOf } from '../operations/open-operations.js';
import { Guard } from './guard.js';
import { SignIn } from './sign-in.js';

export interface OpenAccess {
  readonly guard: Guard;
  readonly keys: ApiKeys;
  readonly sessions: Sessions;
  readonly signIn: SignIn;
}

export async function openAccess(
  settings: AccessSettings,
  journal: Pick<OpenJournal, 'database' | 'audited'>,
  logger: Logger,
): Promise<OpenAccess> {
  const now = (): number => performance.now();
  const store = storeOf(journal);
  const onTrouble = (where: string, err: unknown): void => logger.warn({ where, err }, 'trouble');
  const { apiKey, oidc, publicUrl, requestsPerSecondMax } = settings;
  const setting = apiKey === undefined ? undefined : new SettingKey(apiKey);
  const keys = new ApiKeys(store, now, { next: () => uuidv7() });
  const provider =
    oidc?.client === undefined ? undefined : providerOf(oidc, oidc.client, onTrouble);
  const sessions = new Sessions({ run: store.run, setting, provider });
  const tokens = oidc === undefined ? undefined : new Tokens(oidc, now, onTrouble);
  const authenticator = new Authenticator({
    setting,
    keys,
    tokens,
    sessions,
    attempts: new Attempts(now),
    sessionAttempts: new Attempts(now, sessionAttemptLimits),
  });
  if (setting === undefined && tokens === undefined && !(await keys.areThereAny())) {
    logger.warn(NOBODY);
    process.stderr.write(`${NOBODY}\n`);
  }
  return {
    guard: new Guard({ authenticator, requestsPerSecondMax, publicUrl, logger }),
    keys,
    sessions,
    signIn: new SignIn({ authenticator, sessions, logger, publicUrl, provider }),
  };
}

function providerOf(
  { issuer, rolesClaim }: OidcSettings,
  { id: clientId, secret: clientSecret }: OidcClient,
  onTrouble: OnTrouble,
): Provider {
  return new Provider({ issuer, rolesClaim, clientId, clientSecret }, onTrouble);
}

const NOBODY =
  'nobody can come in: set CONCORDAT_API_KEY, or CONCORDAT_OIDC_ISSUER and CONCORDAT_OIDC_AUDIENCE';
