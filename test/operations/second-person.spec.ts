// Who may approve what another has asked for: nobody whose key that one has made, nor the maker of
// that one's key, be it by way of a third. Keys and tokens are real, and so is the provider.
import {
  approvalListSchema,
  approvalViewSchema,
  transactionDetailSchema,
} from '@concordat/wire/operations';
import type { ApprovalView, Role } from '@concordat/wire/operations';
import { SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { makeKey, signIn } from '../access/callers.js';
import { AUDIENCE, IdentityProvider, signingKey } from '../access/identity-provider.js';
import { Api } from '../http/api.js';
import { act, auditOf, notObeyed, openWorld, refusalIn, resultIn } from './world.js';

const provider = await IdentityProvider.open();
const signing = await signingKey('one');
provider.start([signing]);
const world = await openWorld({
  CONCORDAT_OIDC_ISSUER: provider.issuer,
  CONCORDAT_OIDC_AUDIENCE: AUDIENCE,
});
const { root } = world.people;

interface Somebody {
  readonly api: Api;
  /** As the audit names who has made a key. */
  readonly named: string;
  readonly key: string;
}

async function madeBy(maker: Api, name: string, ...roles: readonly Role[]): Promise<Somebody> {
  const { id, key } = await makeKey(maker, [{ tenant: '*', roles: [...roles] }], { name });
  return { api: root.as(key), named: `key:${id}`, key };
}

/** An account at the provider. */
async function signedIn(name: string): Promise<Somebody> {
  const token = await new SignJWT({ concordat_roles: ['admin', 'resolver'] })
    .setProtectedHeader({ alg: 'RS256', kid: signing.kid, typ: 'at+jwt' })
    .setIssuer(provider.issuer)
    .setAudience(AUDIENCE)
    .setSubject(name)
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(signing.privateKey);
  return { api: root.as(token), named: `token:${name}`, key: token };
}

const setting = { api: root, named: 'setting:CONCORDAT_API_KEY', key: '' };
const [maria, jo] = [await madeBy(root, 'maria', 'resolver'), await madeBy(root, 'jo', 'resolver')];
const ann = await madeBy(root, 'ann', 'admin', 'resolver');
const bob = await madeBy(ann.api, 'bob', 'admin', 'resolver');
const cyd = await madeBy(bob.api, 'cyd', 'resolver');
const [alice, carol] = [await signedIn('alice'), await signedIn('carol')];
const dan = await madeBy(alice.api, 'dan', 'resolver');
const all = { setting, maria, jo, ann, bob, cyd, alice, carol, dan };
type Name = keyof typeof all;

/** @returns what somebody has asked to force */
async function askedBy({ api }: Somebody): Promise<{ readonly gtid: string; readonly id: string }> {
  const { gtid, branch } = await notObeyed(world);
  const force = { outcome: 'rollback', evidence: 'its owner says so' };
  return { gtid, id: resultIn(await act(api, gtid, 'force', force, branch)).approvalId ?? '' };
}

const approve = (by: Api, id: string) =>
  by.post(`/v1/operations/approvals/${id}/approve`, { reason: 'I have called him too' });

async function show(by: Api, id: string): Promise<ApprovalView | undefined> {
  const { body } = await by.get('/v1/operations/approvals');
  return approvalListSchema.parse(body).items.find((one) => one.id === id);
}

interface Told {
  readonly madeBy: { readonly asker: readonly string[]; readonly approver: readonly string[] };
}

const stages = async (gtid: string) =>
  (await auditOf(root, gtid)).map(({ action, stage }) => `${action} ${stage}`);

describe('a second person is', () => {
  test.each<[Name, Name, string]>([
    ['maria', 'jo', 'an admin has made both keys, and is neither'],
    ['maria', 'bob', 'one key comes from the same maker by way of a third'],
    ['ann', 'jo', 'one of them makes keys, and has not made this one'],
    ['setting', 'carol', 'nobody here has made an account at the provider'],
    ['alice', 'carol', 'nor that of the other'],
    ['alice', 'maria', 'nor has she made this key'],
  ])('for %s: %s, for %s', async (asker, approver) => {
    const { gtid, id } = await askedBy(all[asker]);
    expect(await show(all[approver].api, id)).toMatchObject({ mayApprove: true });
    const { body } = await approve(all[approver].api, id);
    expect(approvalViewSchema.parse(body)).toMatchObject({ state: 'done' });
    expect(await root.untilEnded(gtid)).toMatchObject({ outcome: 'heuristic-mixed' });
  });

  test('one whose key is told in the audit with all from whom it comes', async () => {
    const { gtid, id } = await askedBy(maria);
    await approve(cyd.api, id);
    const lines = await auditOf(root, gtid);
    const evidence = lines.flatMap((line) =>
      line.action === 'approval.approve' ? [line.evidence as Told] : [],
    );
    expect(evidence).toHaveLength(1);
    expect(evidence[0]?.madeBy.asker).toEqual([setting.named]);
    const cyds = new Set(evidence[0]?.madeBy.approver);
    expect(cyds).toEqual(new Set([bob.named, ann.named, setting.named]));

    const reader = await madeBy(root, 'a reader', 'reader');
    const { body } = await reader.api.get(`/v1/operations/transactions/${gtid}`);
    const seen = transactionDetailSchema.parse(body).audit;
    const [approval] = seen.filter(({ action }) => action === 'approval.approve');
    const asked = { askedBy: maria.named, outcome: 'rollback' };
    expect(approval?.evidence, 'of whoever may not read the audit').toEqual(asked);
  });
});

describe('no second person is', () => {
  const THEIRS = /^Your key was made by .*, who has asked for it.* another admin has made/;
  const YOURS = /^You have made the key of .*, who has asked for it/;

  test.each<[Name, Name, string, RegExp]>([
    ['setting', 'maria', 'whose key the asker has made', THEIRS],
    ['ann', 'bob', 'whose key the asker has made', THEIRS],
    ['alice', 'dan', 'whose key the asker has made', THEIRS],
    ['ann', 'cyd', 'whose key was made by one whom the asker has made', THEIRS],
    ['maria', 'setting', 'who has made the asker’s key', YOURS],
    ['dan', 'alice', 'who has made the asker’s key', YOURS],
    ['cyd', 'ann', 'who has made the key that made the asker’s', YOURS],
  ])('of %s: %s, %s', async (asker, approver, _, why) => {
    const { gtid, id } = await askedBy(all[asker]);
    const { api } = all[approver];
    const { mayApprove, whyNot } = (await show(api, id)) ?? {};
    expect({ mayApprove, whyNot }).toEqual({
      mayApprove: false,
      whyNot: expect.stringMatching(why),
    });
    expect(refusalIn(await approve(api, id))).toMatchObject({ status: 409, detail: whyNot });
    expect(await show(api, id)).toMatchObject({ state: 'pending' });
    expect(await root.find(gtid)).toMatchObject({ phase: 'committing' });
    expect(await stages(gtid)).toEqual(['approval.ask done', 'approval.approve refused']);
    const rejected = await api.post(`/v1/operations/approvals/${id}/reject`, { reason: 'no' });
    expect(approvalViewSchema.parse(rejected.body)).toMatchObject({ state: 'rejected' });
  });

  test('whose key the asker has made, by a session of it, or once that of its maker is revoked', async () => {
    const eve = await madeBy(root, 'eve', 'admin', 'resolver');
    const fay = await madeBy(eve.api, 'fay', 'resolver');
    const { id } = await askedBy(eve);
    const [, eveId = ''] = eve.named.split(':');
    const revoked = await root.request(`/v1/access/keys/${eveId}`, { method: 'DELETE' });
    expect(revoked.status).toBe(200);
    expect(refusalIn(await approve(fay.api, id)).detail).toMatch(THEIRS);
    const browser = await signIn(new Api(world.coordinator.url, null), fay.key);
    const path = `/v1/operations/approvals/${id}/approve`;
    expect(refusalIn(await browser.send('POST', path, { reason: 'yes' })).detail).toMatch(THEIRS);
    expect((await approve(jo.api, id)).status).toBe(200);
  });
});
