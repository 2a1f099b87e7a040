import type { Group, Mutant } from '../mutant.ts';

const keys = 'libs/access/src/api-keys.ts';
const sessions = 'libs/access/src/sessions.ts';
const tokens = 'libs/access/src/tokens.ts';
const authenticator = 'libs/access/src/authenticator.ts';
const findKey = 'libs/access/src/statements/find-key.ts';
const findSession = 'libs/access/src/statements/find-session.ts';
const permissions = 'libs/wire/src/operations/permissions.ts';
const guard = 'apps/coordinator/src/access/guard.ts';
const sameOrigin = 'apps/coordinator/src/access/same-origin.ts';
const tenancy = 'apps/coordinator/src/access/tenancy.ts';
const alone = ['libs/access'];
const ofTables = ['test/access/credentials.spec.ts'];
const ofCoordinator = ['test/access/in-process.spec.ts'];

const mutants: readonly Mutant[] = [
  {
    id: 'M2101',
    file: keys,
    find: `if (key === undefined || !areEqual(key.hash, hash)) return undefined;`,
    replace: `if (key === undefined) return undefined;`,
    fault: 'a key is known by its prefix',
    killers: alone,
  },
  {
    id: 'M2102',
    file: keys,
    find: `if (hasExpired) return undefined;`,
    replace: '',
    fault: 'a key that was looked up before does not expire',
    killers: alone,
  },
  {
    id: 'M2103',
    file: keys,
    find: `      this.cache.delete(before.prefix);
    }
  }

  async list`,
    replace: `    }
  }

  async list`,
    fault: 'a key lets in for a while where it was revoked',
    killers: alone,
  },
  {
    id: 'M2104',
    file: findKey,
    find: `where prefix = $1 and revoked_at is null and (expires_at is null or expires_at > now())`,
    replace: `where prefix = $1 and (expires_at is null or expires_at > now())`,
    fault: 'a key that was revoked lets in',
    killers: ofTables,
  },
  {
    id: 'M2106',
    file: keys,
    find: `const [row] = await this.store.audited(line, (run) => run<KeyRow>(MAKE_KEY, values));`,
    replace: `const [row] = await this.store.run<KeyRow>(MAKE_KEY, values);
    await this.store.audited(line, () => Promise.resolve());`,
    fault: 'a key is made of which the audit does not know',
    killers: ofTables,
  },
  {
    id: 'M2107',
    file: findSession,
    find: `or revoked_at is null and (expires_at is null or expires_at > now()))`,
    replace: `or revoked_at is null)`,
    fault: 'a session outlives its key',
    killers: ofTables,
  },
  {
    id: 'M2108',
    file: findSession,
    find: `         and seen_at > now() - $2 * interval '1 millisecond'
`,
    replace: `         and $2::float8 > 0
`,
    fault: 'a session without its person goes on',
    killers: ofTables,
  },
  {
    id: 'M2109',
    file: findSession,
    find: `         and begun_at > now() - $3 * interval '1 millisecond'
`,
    replace: '',
    fault: 'a session goes on for as long as its person does',
    killers: ofTables,
  },
  {
    id: 'M2110',
    file: sessions,
    find: `return areEqual(setting.bindingTo(sessionId), boundTo);`,
    replace: `return true;`,
    fault: 'a session outlives the setting’s key that it was begun with',
    killers: ofTables,
  },
  {
    id: 'M2111',
    file: sessions,
    find: `const stillKnown = agoMs < confirmedMs ? known : undefined;`,
    replace: `const stillKnown = known;`,
    fault: 'a person stays whose provider cannot be asked any more',
    killers: ofTables,
  },
  {
    id: 'M2112',
    file: authenticator,
    find: `if (waitMs > 0 && always === undefined) return { type: 'too-often', waitMs };`,
    replace: '',
    fault: 'keys may be guessed for ever',
    killers: alone,
  },
  {
    id: 'M2113',
    file: authenticator,
    find: `if (waitMs > 0) return { type: 'too-often', waitMs };`,
    replace: '',
    fault: 'sessions may be guessed for ever',
    killers: alone,
  },
  {
    id: 'M2114',
    file: tokens,
    find: `        audience,
        algorithms`,
    replace: `        algorithms`,
    fault: 'a token for somebody else lets in',
    killers: alone,
  },
  {
    id: 'M2115',
    file: tokens,
    find: `refuseIdTokens(protectedHeader, payload);`,
    replace: `void protectedHeader;`,
    fault: 'an ID token lets in',
    killers: alone,
  },
  {
    id: 'M2116',
    file: permissions,
    find: `const applies = grant.tenant === ALL_TENANTS || grant.tenant === tenant;`,
    replace: `const applies = [ALL_TENANTS, tenant].includes(grant.tenant) || tenant === ALL_TENANTS;`,
    fault: 'who may do a thing for one tenant may do it for the installation',
    killers: ['apps/coordinator/src/access'],
  },
  {
    id: 'M2117',
    file: permissions,
    find: `admin: [...READER, 'participants.operate', 'access.manage', 'alerts.manage'],`,
    replace: `admin: [...OPERATOR, 'access.manage', 'alerts.manage', 'outcomes.force'],`,
    fault: 'who makes keys may force outcomes',
    killers: ['test/access/route-matrix.spec.ts'],
  },
  {
    id: 'M2118',
    file: guard,
    find: `if (identified.by === 'session' && !isSafe(request)) {`,
    replace: `if (identified.by === 'session' && isSafe(request)) {`,
    fault: 'another site’s page changes something with a session',
    killers: ofCoordinator,
  },
  {
    id: 'M2119',
    file: sameOrigin,
    find: `return request.headers['sec-fetch-site'] === 'same-origin';`,
    replace: `return request.headers['sec-fetch-site'] !== 'cross-site';`,
    fault: 'a request that says nothing of its page is taken for one of ours',
    killers: ofCoordinator,
  },
  {
    id: 'M2120',
    file: tenancy,
    find: `return may(principal, 'read', tenantOf(record)) ? record : undefined;`,
    replace: `return may(principal, 'read', DEFAULT_TENANT) ? record : undefined;`,
    fault: 'another tenant’s transaction is shown',
    killers: ofCoordinator,
  },
  {
    id: 'M2121',
    file: tenancy,
    find: `if (!may(principal, permission, tenant)) throw problems.notPermitted(permission, tenant);`,
    replace: '',
    fault: 'who may read a transaction may end it',
    killers: ofCoordinator,
  },
];

export const accessGroup: Group = { title: 'Who may do what', mutants };
