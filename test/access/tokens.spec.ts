// Access tokens of an identity provider. The provider is real, and so are its keys: what is forged
// is forged with the very key that a careless verifier would take.
import { createHmac } from 'node:crypto';
import type { JWTPayload } from 'jose';
import { exportSPKI, SignJWT } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { Api, problemIn } from '../http/api.js';
import { startCoordinator } from '../support/coordinator.js';
import { databaseFromTemplate } from '../support/databases.js';
import { eventually } from '../support/eventually.js';
import { AUDIENCE, IdentityProvider, signingKey } from './identity-provider.js';

const MINUTE_S = 60;

const { databaseUrl } = await databaseFromTemplate();
const provider = await IdentityProvider.open();
const current = await signingKey('first');
const foreign = await signingKey('first'); // the same name, another key
provider.start([current]);
const coordinator = await startCoordinator({
  DATABASE_URL: databaseUrl,
  CONCORDAT_OIDC_ISSUER: provider.issuer,
  CONCORDAT_OIDC_AUDIENCE: AUDIENCE,
});
const api = new Api(coordinator.url, null);

const claims = {
  iss: provider.issuer,
  aud: AUDIENCE,
  sub: 'mallory',
  iat: nowS(),
  exp: nowS() + MINUTE_S,
  concordat_roles: ['reader', 'admin'],
};

function nowS(): number {
  return Math.floor(Date.now() / 1_000);
}

function signed(payload: JWTPayload, header: object = {}, key = current): Promise<string> {
  const protectedHeader = { alg: 'RS256', kid: key.kid, typ: 'at+jwt', ...header };
  return new SignJWT(payload).setProtectedHeader(protectedHeader).sign(key.privateKey);
}

/** Signed by nobody whom jose would sign for. */
function forged(header: object, payload: object, signature: (input: string) => string): string {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${signature(input)}`;
}

const ask = (token: string) => api.as(token).get('/v1/transactions');

describe('a token of the provider', () => {
  test('lets in, for what its roles permit', async () => {
    provider.roles = ['acme:client', 'auditor', 'of:somebody-else', 'nonsense'];
    const answer = await api.as(await provider.token()).get('/v1/session');
    expect(answer.body).toMatchObject({
      kind: 'token',
      id: 'machine',
      grants: [
        { tenant: 'acme', roles: ['client'] },
        { tenant: '*', roles: ['auditor'] },
      ],
    });
  });

  test('without a role of ours is known, and may do nothing', async () => {
    provider.roles = ['of:somebody-else'];
    const answer = await ask(await provider.token());
    expect(problemIn(answer)).toEqual({ status: 403, kind: 'not-permitted' });
  });

  test('[15] a role that is taken is gone with the next token', async () => {
    provider.roles = ['reader'];
    expect(await ask(await provider.token())).toMatchObject({ status: 200 });
    provider.roles = [];
    expect(await ask(await provider.token())).toMatchObject({ status: 403 });
  });
});

describe('[2]', () => {
  test('what is well made lets in: the forgeries below differ from it in one thing each', async () => {
    expect(await ask(await signed(claims))).toMatchObject({ status: 200 });
    expect(await ask(await signed(claims, { typ: 'JWT' }))).toMatchObject({ status: 200 });
  });

  let publicPem = '';
  beforeAll(async () => {
    publicPem = await exportSPKI(current.publicKey);
  });

  const { exp: _, ...endless } = claims;
  const { sub: __, ...nameless } = claims;
  const forgeries: readonly (readonly [string, () => string | Promise<string>])[] = [
    ['alg=none', () => forged({ alg: 'none', typ: 'at+jwt' }, claims, () => '')],
    ['alg=none with a kid', () => forged({ alg: 'none', kid: 'first' }, claims, () => 'AA')],
    [
      'HS256 with the public key for its secret',
      () =>
        forged({ alg: 'HS256', kid: 'first', typ: 'at+jwt' }, claims, (input) =>
          createHmac('sha256', publicPem).update(input).digest('base64url'),
        ),
    ],
    ['an unknown kid', () => signed(claims, { kid: 'never-heard-of' })],
    ['the right kid and another key', () => signed(claims, {}, foreign)],
    ['jku', () => signed(claims, { jku: 'http://127.0.0.1:1/keys' })],
    ['x5u', () => signed(claims, { x5u: 'http://127.0.0.1:1/cert' })],
    ['jwk of its own', () => signed(claims, { jwk: { kty: 'oct', k: 'AA' } })],
    ['another audience', () => signed({ ...claims, aud: 'urn:another' })],
    ['no audience', () => signed({ ...claims, aud: [] })],
    ['another issuer', () => signed({ ...claims, iss: 'http://127.0.0.1:1' })],
    ['what has expired', () => signed({ ...claims, exp: nowS() - MINUTE_S })],
    ['no expiry', () => signed(endless)],
    ['nbf in the future', () => signed({ ...claims, nbf: nowS() + MINUTE_S })],
    ['no subject', () => signed(nameless)],
    ['a subject that forges a line', () => signed({ ...claims, sub: 'a\nb' })],
    ['an ID token by its nonce', () => signed({ ...claims, nonce: 'n' }, { typ: 'JWT' })],
    ['an ID token by its at_hash', () => signed({ ...claims, at_hash: 'n' }, { typ: 'JWT' })],
    ['an ID token by token_use', () => signed({ ...claims, token_use: 'id' }, { typ: 'JWT' })],
    ['another type', () => signed(claims, { typ: 'logout+jwt' })],
    ['a signature that was altered', async () => `${(await signed(claims)).slice(0, -4)}AAAA`],
    [
      'claims that were altered',
      async () => {
        const [head, , tail] = (await signed(claims)).split('.');
        const body = Buffer.from(JSON.stringify({ ...claims, sub: 'root' })).toString('base64url');
        return `${head}.${body}.${tail}`;
      },
    ],
    ['what is too long', () => signed({ ...claims, filler: 'x'.repeat(10_000) })],
    ['nonsense in three parts', () => 'a.b.c'],
  ];

  test.each(forgeries)('%s is refused', async (_what, forge) => {
    const answer = await ask(await forge());
    expect(problemIn(answer)).toEqual({ status: 401, kind: 'unauthenticated' });
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });
});

describe('[3]', () => {
  test('a new key is believed within seconds, and the one that it replaces no longer', async () => {
    const next = await signingKey('second');
    const old = await signed(claims);
    expect(await ask(old)).toMatchObject({ status: 200 });
    provider.roles = ['reader'];
    provider.start([next]);
    const token = await provider.token();
    await eventually('the new key is believed', async () => (await ask(token)).status === 200);
    expect(await ask(old)).toMatchObject({ status: 401 });
  });

  test('while the provider hides its keys, the known ones go on, and no other is believed', async () => {
    const token = await provider.token();
    provider.hideKeys(true);
    expect(await ask(token)).toMatchObject({ status: 200 });
    expect(await ask(await signed(claims, {}, foreign))).toMatchObject({ status: 401 });
    const asked = provider.asked;
    const unheard = await signed(claims, { kid: 'third' });
    await eventually('it has asked for the unheard of key', async () => {
      expect(await ask(unheard)).toMatchObject({ status: 401 });
      return provider.asked > asked;
    });
    expect(await ask(token)).toMatchObject({ status: 200 });
    provider.hideKeys(false);
  });
});

test('[3] a provider that is away from the start lets nobody in, and all once it is there', async () => {
  const late = await IdentityProvider.open();
  late.hideKeys(true);
  late.start([current]);
  const other = await startCoordinator({
    DATABASE_URL: databaseUrl,
    CONCORDAT_OIDC_ISSUER: late.issuer,
    CONCORDAT_OIDC_AUDIENCE: AUDIENCE,
  });
  late.roles = ['reader'];
  const caller = new Api(other.url, await late.token());
  expect(await caller.get('/v1/transactions')).toMatchObject({ status: 401 });
  late.hideKeys(false);
  await eventually('it lets in', async () => (await caller.get('/v1/transactions')).status === 200);
});
