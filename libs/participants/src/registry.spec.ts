import { describe, expect, test } from 'vitest';
import { Directory, protocolFaultOf } from './directory.js';
import { ParticipantsMisconfigured } from './errors.js';
import { textOf } from './participant-url.js';
import type { Registration, Registry } from './registry.js';
import { parseRegistry } from './registry.js';
import { UrlAllowList } from './url-allow-list.js';

function linesOf(file: unknown, environment: Record<string, string> = {}): readonly string[] {
  try {
    parseRegistry(file, environment);
    return [];
  } catch (error) {
    return error instanceof ParticipantsMisconfigured ? error.lines : [String(error)];
  }
}

/** By name: the URL of each that has one. */
function urls(registry: Registry): Record<string, string> {
  return Object.fromEntries(
    [...registry].flatMap(([name, registration]) =>
      registration.kind === 'http' ? [[name, textOf(registration.url)]] : [],
    ),
  );
}

describe('the registry', () => {
  test('knows a participant by its name', () => {
    const registry = parseRegistry(
      {
        payments: { url: 'http://Payments.local:80/v1/' },
        'bank-a': { url: 'https://bank.example.com', onePhase: true },
      },
      {},
    );
    expect(urls(registry)).toEqual({
      payments: 'http://payments.local/v1',
      'bank-a': 'https://bank.example.com',
    });
    expect(registry.get('payments')).toMatchObject({ kind: 'http', onePhase: false });
    expect(registry.get('bank-a')).toMatchObject({ kind: 'http', onePhase: true });
  });

  test('names every fault with the file and the key', () => {
    const file = {
      'two words': { url: 'http://a' },
      nothing: null,
      bare: 'http://a',
      empty: {},
      odd: { url: 'http://a', timeout: 5 },
      maybe: { url: 'http://a', onePhase: 'yes' },
      file: { url: 'file:///etc/passwd' },
      secret: { url: 'http://user:secret@host' },
    };
    expect(linesOf(file)).toEqual([
      'CONCORDAT_PARTICIPANTS: "two words" is no name: 1 to 64 characters of A-Z a-z 0-9 _ . -',
      'CONCORDAT_PARTICIPANTS: "nothing" must be an object: { "url": "http://…" } or { "queue": "…" }',
      'CONCORDAT_PARTICIPANTS: "bare" must be an object: { "url": "http://…" } or { "queue": "…" }',
      'CONCORDAT_PARTICIPANTS: "empty" must have a "url" or a "queue"',
      'CONCORDAT_PARTICIPANTS: "odd" has an unknown field "timeout"',
      'CONCORDAT_PARTICIPANTS: "maybe" has a "onePhase" that is neither true nor false',
      'CONCORDAT_PARTICIPANTS: "file" has a "url" that must be an http:, https:, postgres:, mysql: or mariadb: URL',
      expect.stringMatching(/^CONCORDAT_PARTICIPANTS: "secret" has a "url" that must be .*without/),
    ]);
  });

  test.each([null, [], 'http://a', 1])('is not %j', (file) => {
    expect(linesOf(file)).toEqual([
      'CONCORDAT_PARTICIPANTS must be an object: { "name": { "url": "http://…" }, … }',
    ]);
  });

  test('takes a URL of the environment over that of the file', () => {
    const file = { 'bank-a': { url: 'http://a', onePhase: true }, shop: { url: 'http://s' } };
    const registry = parseRegistry(file, {
      CONCORDAT_PARTICIPANT_BANK_A: 'http://127.0.0.1:4001/bank',
      CONCORDAT_PARTICIPANT_BANK_B: 'http://127.0.0.1:4002/bank',
      CONCORDAT_PARTICIPANT_SHOP: '',
      CONCORDAT_PARTICIPANTS: 'participants.json',
    });
    expect(urls(registry)).toEqual({
      'bank-a': 'http://127.0.0.1:4001/bank',
      shop: 'http://s',
      'bank-b': 'http://127.0.0.1:4002/bank',
    });
    expect(registry.get('bank-a')).toHaveProperty('onePhase', true);
  });

  test('tells a database by the scheme of its URL, and a queue by its name', () => {
    const registry = parseRegistry(
      {
        'orders-db': { url: 'postgres://app@db/orders' },
        'stock-db': { url: 'mariadb://app@db:3307/stock' },
        mail: { queue: 'outgoing-mail' },
      },
      {
        CONCORDAT_PARTICIPANT_ORDERS_DB: 'postgresql://app:secret@db:5433/orders?sslmode=require',
        CONCORDAT_PARTICIPANT_LEDGER: 'mysql://app:secret@db/ledger',
      },
    );
    expect(Object.fromEntries(registry)).toEqual({
      'orders-db': {
        kind: 'postgres',
        url: 'postgresql://app:secret@db:5433/orders?sslmode=require',
      },
      'stock-db': { kind: 'mysql', url: 'mariadb://app@db:3307/stock' },
      mail: { kind: 'queue', queue: 'outgoing-mail' },
      ledger: { kind: 'mysql', url: 'mysql://app:secret@db/ledger' },
    });
  });

  test('takes the kind of the environment over that of the file', () => {
    const file = { bank: { url: 'http://bank', onePhase: true }, mail: { queue: 'mail' } };
    const registry = parseRegistry(file, {
      CONCORDAT_PARTICIPANT_BANK: 'postgres://app@db/bank',
      CONCORDAT_PARTICIPANT_MAIL: 'http://mail',
    });
    expect(registry.get('bank')).toEqual({ kind: 'postgres', url: 'postgres://app@db/bank' });
    expect(registry.get('mail')).toMatchObject({ kind: 'http', onePhase: false });
  });

  test.each([
    [
      { url: 'postgres://secret@/orders' },
      /^.* "db" has a "url" that must be scheme:\/\/user@host/,
    ],
    [{ url: 'postgres://secret@db' }, /must name a database/],
    [{ url: 'postgres://secret@db/' }, /must name a database/],
    [{ url: 'postgres://secret@a,b/orders' }, /must name one host: put a router before several/],
    [{ url: 'postgres://secret@db:99999/orders' }, /must be scheme:\/\/user@host/],
    [{ url: 'mysql://secret@db/a b' }, /printable ASCII/],
    [{ url: `mysql://secret@db/${'x'.repeat(2_048)}` }, /at most 2048/],
    [{ url: 'postgres://secret@db/orders', onePhase: true }, /"onePhase", which only an http: or/],
    [{ url: 'redis://secret@db/0' }, /must be an http:, https:, postgres:, mysql: or mariadb: URL/],
    [{ url: 'http://secret@bank' }, /without credentials/],
    [{ queue: 'secret:mail' }, /"queue" that is no name/],
    [{ queue: 7 }, /"queue" that is no name/],
    [{ queue: 'mail', onePhase: false }, /"onePhase", which only an http: or/],
    [{ queue: 'mail', url: 'http://secret' }, /both a "url" and a "queue"/],
    [{ kind: 'in-process' }, /unknown field "kind"/],
  ])('names what is wrong with %j, and repeats nothing that may be secret', (entry, line) => {
    const lines = linesOf({ db: entry });
    expect(lines).toEqual([expect.stringMatching(line)]);
    expect(lines.join()).toMatch(/^CONCORDAT_PARTICIPANTS: "db" /);
    expect(lines.join()).not.toContain('secret');
  });

  test('repeats nothing secret of a variable either', () => {
    const lines = linesOf({}, { CONCORDAT_PARTICIPANT_DB: 'postgres://app:secret@db' });
    expect(lines).toEqual([
      expect.stringMatching(/^CONCORDAT_PARTICIPANT_DB must name a database/),
    ]);
    expect(lines.join()).not.toContain('secret');
  });

  test('names a variable that is wrong, or could be meant for several', () => {
    const file = { 'a-b': { url: 'http://a' }, 'a.b': { url: 'http://b' } };
    const environment = {
      CONCORDAT_PARTICIPANT_A_B: 'http://c',
      CONCORDAT_PARTICIPANT_BANK: 'localhost:4000',
      CONCORDAT_PARTICIPANT_: 'http://d',
    };
    expect(linesOf(file, environment)).toEqual([
      'CONCORDAT_PARTICIPANT_A_B may be any of a-b, a.b',
      'CONCORDAT_PARTICIPANT_BANK must be an http:, https:, postgres:, mysql: or mariadb: URL',
      'CONCORDAT_PARTICIPANT_ is no name: 1 to 64 characters of A-Z a-z 0-9 _ . -',
    ]);
  });

  test('has no entry that nobody made', () => {
    const directory = new Directory(parseRegistry({}, {}), UrlAllowList.of([]));
    for (const name of ['payments', 'constructor', '__proto__', 'toString']) {
      expect(directory.resolve(name)).toEqual({
        ok: false,
        reason: `no participant is registered as "${name}"`,
      });
    }
  });
});

describe('the directory', () => {
  const directory = new Directory(
    parseRegistry({ bank: { url: 'http://10.0.0.1/bank', onePhase: true } }, {}),
    UrlAllowList.of(['http://127.0.0.1:*']),
  );

  test('finds a registered participant, wherever it is', () => {
    expect(directory.resolve('bank')).toMatchObject({
      ok: true,
      registration: { url: { origin: 'http://10.0.0.1', path: '/bank' }, onePhase: true },
    });
  });

  test('takes a URL that the allow-list permits, and trusts it with no single phase', () => {
    expect(directory.resolve({ url: 'http://127.0.0.1:4000/x/' })).toMatchObject({
      ok: true,
      registration: { url: { origin: 'http://127.0.0.1:4000', path: '/x' }, onePhase: false },
    });
  });

  test('takes a database inline from nobody', () => {
    expect(directory.find({ url: 'postgres://app@127.0.0.1/orders' })).toEqual({
      ok: false,
      reason: 'the URL must be an http: or https: URL',
    });
  });

  const mixed = new Directory(
    new Map<string, Registration>([
      ...parseRegistry(
        {
          bank: { url: 'http://bank' },
          orders: { url: 'postgres://app@db/orders' },
          stock: { url: 'mysql://app@db/stock' },
          mail: { queue: 'mail' },
        },
        {},
      ),
      ['ledger', { kind: 'in-process' }],
    ]),
    UrlAllowList.of([]),
  );

  test.each(['orders', 'stock', 'mail', 'ledger'])('has no URL to call %s at', (name) => {
    expect(mixed.find(name)).toMatchObject({ ok: true });
    expect(mixed.resolve(name)).toEqual({
      ok: false,
      reason: expect.stringMatching(`^"${name}" is .*no URL to be called at$`),
    });
  });

  test.each([
    ['bank', ['2pc', '3pc', 'tcc', 'saga']],
    ['orders', ['2pc']],
    ['stock', ['2pc']],
    ['mail', ['2pc', 'tcc', 'saga']],
    ['ledger', ['2pc', 'tcc', 'saga']],
  ])('lets %s take part in what it can speak', (name, spoken) => {
    const found = mixed.find(name);
    const protocols = (['2pc', '3pc', 'tcc', 'saga'] as const).filter(
      (protocol) => found.ok && protocolFaultOf(found.registration, protocol) === undefined,
    );
    expect(protocols).toEqual(spoken);
  });

  test('refuses every other URL, and says why', () => {
    expect(directory.resolve({ url: 'http://10.0.0.1/bank' })).toEqual({
      ok: false,
      reason: 'the URL is not on the allow-list',
    });
    expect(directory.resolve({ url: 'file:///etc/passwd' })).toEqual({
      ok: false,
      reason: 'the URL must be an http: or https: URL',
    });
  });
});
