import { Directory, parseRegistry, UrlAllowList } from '@concordat/participants';
import type { ProtocolName } from '@concordat/protocols';
import type { BranchAsked } from '@concordat/wire';
import { asBranchId } from '@concordat/wire';
import { describe, expect, test } from 'vitest';
import { areParticular, branchDefinitions } from './branch-definitions.js';

const directory = new Directory(
  parseRegistry(
    {
      bank: { url: 'http://bank', onePhase: true },
      'orders-db': { url: 'postgres://app:secret@db/orders' },
      'stock-db': { url: 'mysql://app:secret@db/stock' },
      mail: { queue: 'mail' },
    },
    {},
  ),
  UrlAllowList.of(['http://127.0.0.1:*']),
);

function asked(participant: BranchAsked['participant'], id = 'payment'): BranchAsked {
  return {
    id: asBranchId(id),
    participant,
    payload: null,
    dependsOn: [],
    pivot: false,
    timeoutMs: 3_000,
    retry: { attemptsMax: null, firstDelayMs: 100, delayMaxMs: 10_000 },
  };
}

function define(protocol: ProtocolName | undefined, ...branches: readonly BranchAsked[]) {
  return branchDefinitions(branches, directory, protocol, (index) => ['branches', index]);
}

describe('a branch', () => {
  test('takes over what its participant is registered with', () => {
    const defined = define('2pc', asked('bank'), asked('orders-db'), asked('mail'));
    expect(defined.ok && defined.value.map(({ onePhase }) => onePhase)).toEqual([
      true,
      false,
      false,
    ]);
  });

  test.each(['3pc', 'tcc', 'saga'] as const)(
    'of a database is refused in %s, by name',
    (protocol) => {
      const defined = define(
        protocol,
        asked('bank'),
        asked('orders-db', 'orders'),
        asked('stock-db'),
      );
      expect(defined).toEqual({
        ok: false,
        errors: [
          {
            pointer: '/branches/1/participant',
            message:
              `"orders-db", of the branch "orders", is a PostgreSQL database, ` +
              `which can take part in 2pc only, not in ${protocol}`,
          },
          {
            pointer: '/branches/2/participant',
            message: expect.stringMatching(/^"stock-db", of the branch "payment", is a MariaDB or/),
          },
        ],
      });
    },
  );

  test('of a queue is refused in 3PC, whose participants call each other', () => {
    expect(define('3pc', asked('mail'))).toMatchObject({ ok: false });
    for (const protocol of ['2pc', 'tcc', 'saga'] as const) {
      expect(define(protocol, asked('mail'))).toMatchObject({ ok: true });
    }
  });

  test('of nobody, or of a URL outside the allow-list, is refused where it stands', () => {
    expect(define('2pc', asked('nobody'), asked({ url: 'http://10.0.0.1' }))).toMatchObject({
      ok: false,
      errors: [{ pointer: '/branches/0/participant' }, { pointer: '/branches/1/participant/url' }],
    });
  });

  test('is particular if its participant does not speak every protocol', () => {
    const particular = ['bank', 'orders-db', 'stock-db', 'mail', 'nobody'].filter((name) =>
      areParticular([asked('bank'), asked(name)], directory),
    );
    expect(particular).toEqual(['orders-db', 'stock-db', 'mail']);
  });
});
