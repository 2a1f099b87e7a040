// The settings of access control, as config.ts reads them from the environment.
import { BlockList, isIP } from 'node:net';
import type { TokenSettings } from '@concordat/access';
import { settingKeyFault } from '@concordat/access';
import { z } from 'zod';
import { listOf, whole } from '../config-values.js';

export interface AccessSettings {
  /** CONCORDAT_API_KEY: every role for every tenant. */
  readonly apiKey: string | undefined;
  /** The provider whose tokens are believed. */
  readonly oidc: OidcSettings | undefined;
  /** Where people reach us: the origin of our pages. By default, whatever they have called us. */
  readonly publicUrl: string | undefined;
  /** Whose `X-Forwarded-For` is believed: addresses and networks. */
  readonly trustedProxies: readonly string[];
  /** Of one principal, by each instance. */
  readonly requestsPerSecondMax: number;
}

export interface OidcSettings extends TokenSettings {
  /** With it, people can sign in at the dashboard through the provider. */
  readonly client: OidcClient | undefined;
}

export interface OidcClient {
  readonly id: string;
  readonly secret: string;
}

/** Of `config.ts`, which alone reads the environment. */
export const accessVariables = {
  CONCORDAT_API_KEY: faultless(settingKeyFault).optional(),
  CONCORDAT_OIDC_ISSUER: faultless(providerFault).optional(),
  CONCORDAT_OIDC_AUDIENCE: z.string().optional(),
  CONCORDAT_OIDC_ROLES_CLAIM: z.string().default('concordat_roles'),
  CONCORDAT_OIDC_CLIENT_ID: z.string().optional(),
  CONCORDAT_OIDC_CLIENT_SECRET: faultless(settingKeyFault).optional(),
  CONCORDAT_PUBLIC_URL: faultless(publicUrlFault).optional(),
  CONCORDAT_TRUSTED_PROXIES: faultless(proxiesFault).default(''),
  CONCORDAT_REQUESTS_PER_SECOND_MAX: whole(1, 1_000_000).default(10_000),
};

type Variables = z.infer<z.ZodObject<typeof accessVariables>>;

/** Variables that do not go together. */
export class SettingsFault extends Error {
  override readonly name = 'SettingsFault';
  constructor(readonly lines: readonly string[]) {
    super(lines.join('\n'));
  }
}

/** @throws SettingsFault */
export function accessOf(variables: Variables): AccessSettings {
  const { CONCORDAT_PUBLIC_URL: publicUrl } = variables;
  return {
    apiKey: variables.CONCORDAT_API_KEY,
    oidc: oidcOf(variables),
    publicUrl: publicUrl === undefined ? undefined : new URL(publicUrl).origin,
    trustedProxies: listOf(variables.CONCORDAT_TRUSTED_PROXIES),
    requestsPerSecondMax: variables.CONCORDAT_REQUESTS_PER_SECOND_MAX,
  };
}

function oidcOf(variables: Variables): OidcSettings | undefined {
  const { CONCORDAT_OIDC_ISSUER: issuer, CONCORDAT_OIDC_AUDIENCE: audience } = variables;
  const client = clientOf(variables);
  if (issuer === undefined) {
    if (audience === undefined && client === undefined) return undefined;
    throw new SettingsFault(['CONCORDAT_OIDC_ISSUER is required with the others of OIDC']);
  }
  if (audience === undefined) {
    throw new SettingsFault(['CONCORDAT_OIDC_AUDIENCE is required with CONCORDAT_OIDC_ISSUER']);
  }
  if (audience === client?.id) {
    const why = 'or an ID token would pass for an access token';
    throw new SettingsFault([`CONCORDAT_OIDC_AUDIENCE must not be the client's id, ${why}`]);
  }
  return { issuer, audience, rolesClaim: variables.CONCORDAT_OIDC_ROLES_CLAIM, client };
}

function clientOf(variables: Variables): OidcClient | undefined {
  const { CONCORDAT_OIDC_CLIENT_ID: id, CONCORDAT_OIDC_CLIENT_SECRET: secret } = variables;
  if (id === undefined && secret === undefined) return undefined;
  if (id !== undefined && secret !== undefined) return { id, secret };
  throw new SettingsFault([
    'CONCORDAT_OIDC_CLIENT_ID and CONCORDAT_OIDC_CLIENT_SECRET are set together',
  ]);
}

/** Keys and codes travel to it: over HTTPS, unless it is this machine. */
function providerFault(text: string): string | undefined {
  const isUrl = URL.canParse(text);
  const { protocol = '', hostname = '' } = isUrl ? new URL(text) : {};
  const isHere = ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);
  if (protocol === 'https:' || (protocol === 'http:' && isHere)) return undefined;
  return 'must be a URL that begins with https://';
}

function publicUrlFault(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isOrigin = url !== undefined && [url.origin, `${url.origin}/`].includes(text);
  if (isOrigin && /^https?:$/.test(url.protocol)) return undefined;
  return 'must be an origin, such as https://concordat.example.com';
}

function proxiesFault(text: string): string | undefined {
  const isWrong = listOf(text).some((one) => !isNetwork(one));
  return isWrong ? 'must be addresses or networks, such as 10.0.0.0/8, with commas' : undefined;
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  if (bits === undefined) return true;
  try {
    new BlockList().addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
    return /^\d+$/.test(bits) && Number(bits) > 0; // /0 would be everybody
  } catch {
    return false;
  }
}

function faultless(faultOf: (text: string) => string | undefined) {
  return z.string().transform((text, context) => {
    const fault = faultOf(text);
    if (fault === undefined) return text;
    context.issues.push({ code: 'custom', input: text, message: fault });
    return z.NEVER;
  });
}
