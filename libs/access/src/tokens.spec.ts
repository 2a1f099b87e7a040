import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CryptoKey, JWK } from 'jose';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { expect, onTestFinished, test } from 'vitest';
import { grantsIn, Tokens } from './tokens.js';

const AUDIENCE = 'urn:test';
const HOUR_S = 3_600;

/** An issuer whose keys are whatever `keys` says now; undefined: it does not answer. */
async function issuerOf(): Promise<{ url: string; keys: readonly JWK[] | undefined }> {
  const issuer: { url: string; keys: readonly JWK[] | undefined } = { url: '', keys: [] };
  const server = createServer(({ url, socket }, response) => {
    if (issuer.keys === undefined) return socket.destroy();
    const { url: own, keys } = issuer;
    const isDocument = url === '/.well-known/openid-configuration';
    const body = isDocument ? { issuer: own, jwks_uri: `${own}/keys` } : { keys };
    return response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  issuer.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return issuer;
}

async function keyNamed(kid: string): Promise<{ jwk: JWK; key: CryptoKey }> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  return { jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256' }, key: privateKey };
}

interface Other {
  readonly audience?: string;
  readonly typ?: string;
  readonly claims?: object;
}

function tokenOf(
  issuer: string,
  kid: string,
  key: CryptoKey,
  { audience = AUDIENCE, typ = 'at+jwt', claims = {} }: Other = {},
): Promise<string> {
  return new SignJWT({ concordat_roles: ['reader'], ...claims })
    .setProtectedHeader({ alg: 'ES256', kid, typ })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject('s')
    .setExpirationTime(Math.floor(Date.now() / 1_000) + HOUR_S)
    .sign(key);
}

async function setUp() {
  const issuer = await issuerOf();
  const { jwk, key } = await keyNamed('one');
  issuer.keys = [jwk];
  let now = 0;
  const troubles: string[] = [];
  const settings = { issuer: issuer.url, audience: AUDIENCE, rolesClaim: 'concordat_roles' };
  const tokens = new Tokens(
    settings,
    () => now,
    (where) => troubles.push(where),
  );
  const token = await tokenOf(issuer.url, 'one', key);
  const typeOf = async (): Promise<string> => (await tokens.verify(token)).type;
  const other = async (how: Other) =>
    (await tokens.verify(await tokenOf(issuer.url, 'one', key, how))).type;
  return { issuer, typeOf, other, troubles, pass: (ms: number) => (now += ms) };
}

test.each<[string, Other, Other]>([
  ['for somebody else', { audience: 'urn:other' }, {}],
  ['that says who has logged in', { typ: 'JWT', claims: { nonce: 'n' } }, { typ: 'JWT' }],
  ['of another type', { typ: 'logout+jwt' }, {}],
])('[2] a token %s is refused, and one that is not lets in', async (_, refused, known) => {
  const { other } = await setUp();
  expect(await other(known)).toBe('known');
  expect(await other(refused)).toBe('refused');
});

test('[3] a key that was removed is refused a minute later, though nobody brings another', async () => {
  const { issuer, typeOf, pass } = await setUp();
  expect(await typeOf()).toBe('known');
  issuer.keys = [(await keyNamed('two')).jwk];
  pass(59_000);
  expect(await typeOf()).toBe('known');
  pass(1_000);
  expect(await typeOf()).toBe('refused');
});

test('[3] while the provider is away, what is known goes on', async () => {
  const { issuer, typeOf, troubles, pass } = await setUp();
  expect(await typeOf()).toBe('known');
  issuer.keys = undefined;
  pass(60_000);
  expect(await typeOf()).toBe('known');
  expect(troubles).toEqual(['keys of the identity provider']);
  pass(4_000);
  expect(await typeOf()).toBe('known');
  expect(troubles).toHaveLength(1); // it is not asked at every request
});

test('[3] while nothing is known, nothing is believed', async () => {
  const { issuer, typeOf, pass } = await setUp();
  const { keys } = issuer;
  issuer.keys = undefined;
  expect(await typeOf()).toBe('refused');
  issuer.keys = keys;
  expect(await typeOf()).toBe('refused');
  pass(5_000);
  expect(await typeOf()).toBe('known');
});

test('roles of others are left out, and those of one tenant come together', () => {
  expect(grantsIn(['a:reader', 'b:client', 'a:operator', 'admin', 'x:y', '*:auditor', 5])).toEqual([
    { tenant: 'a', roles: ['reader', 'operator'] },
    { tenant: 'b', roles: ['client'] },
    { tenant: '*', roles: ['admin', 'auditor'] },
  ]);
  expect(grantsIn('admin')).toEqual([]);
  expect(grantsIn(['no spaces:admin', ':admin', 'a:b:admin'])).toEqual([]);
});
