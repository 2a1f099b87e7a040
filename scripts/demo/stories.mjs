// The main job, told: each protocol at work, two refusals, and a crash.
import { money } from './money.mjs';

/** @typedef {import('./cast.mjs').Cast} Cast */
/** @typedef {import('./cast.mjs').Person} Person */
/** @typedef {import('./story.mjs').Story} Story */

/**
 * @param {Cast} cast
 * @returns {readonly Story[]}
 */
export function storiesOf(cast) {
  return [
    {
      title: '2PC',
      how: 'Both banks prepare and vote; the decision is made durable; both are told.',
      protocol: '2pc',
      ...payment(cast, 'alice', 'bob', 10_000),
      outcome: 'committed',
    },
    {
      title: '3PC',
      how: 'Like 2PC, with a pre-commit to a quorum between the votes and the commit.',
      protocol: '3pc',
      ...payment(cast, 'bob', 'alice', 4_000),
      outcome: 'committed',
    },
    {
      title: 'TCC',
      how: 'Both banks try: the money is held. Then both confirm.',
      protocol: 'tcc',
      ...payment(cast, 'alice', 'bob', 6_000),
      outcome: 'committed',
    },
    {
      title: 'Saga',
      how: 'One step after the other, each of them final at once.',
      protocol: 'saga',
      ...payment(cast, 'bob', 'alice', 2_500),
      outcome: 'committed',
    },
    {
      title: 'Saga, a graph',
      how: 'order ▶ stock and payment, side by side ▶ shipping. Results are handed on.',
      protocol: 'saga',
      ...order(cast, 2, 4_500),
      outcome: 'committed',
    },
    {
      title: 'Saga, compensated',
      how: 'The card is declined: the steps that were done are compensated, the last one first.',
      protocol: 'saga',
      ...order(cast, 3, 450_000),
      outcome: 'rolled-back',
    },
    {
      title: '2PC, refused',
      how: 'Insufficient funds: alfa refuses, and beta, which has prepared, is told to roll back.',
      protocol: '2pc',
      ...payment(cast, 'alice', 'bob', 500_000),
      outcome: 'rolled-back',
    },
  ];
}

/**
 * A payment to which a notary has to agree as well.
 * @param {Cast} cast
 * @returns {Story}
 */
export function storyOfACrash(cast) {
  const { branches, ...plot } = payment(cast, 'alice', 'bob', 1_500);
  return {
    title: '2PC, a crash',
    how: 'A notary has to agree. While it hesitates, a bank that has voted is killed.',
    protocol: '2pc',
    ...plot,
    branches: [...branches, { id: 'notary', participant: 'notary', payload: {} }],
    outcome: 'committed',
  };
}

/**
 * @param {Cast} cast
 * @param {Person} from
 * @param {Person} to
 * @param {number} cents
 */
function payment(cast, from, to, cents) {
  const branch = (
    /** @type {string} */ id,
    /** @type {Person} */ account,
    /** @type {number} */ amount,
  ) => ({
    id,
    participant: cast.bankOf(account).name,
    payload: { account, amount },
  });
  return {
    plot: `${from} pays ${to} ${money(cents)}`,
    branches: [branch('debit', from, -cents), branch('credit', to, cents)],
    gauges: [cast.account(from), cast.account(to)],
  };
}

/**
 * @param {Cast} cast
 * @param {number} quantity of teapots
 * @param {number} cents
 */
function order(cast, quantity, cents) {
  const sku = 'teapot';
  const step = (
    /** @type {string} */ id,
    /** @type {string[]} */ dependsOn,
    /** @type {object} */ payload,
  ) => ({
    id,
    participant: id,
    dependsOn,
    payload,
  });
  return {
    plot: `bob orders ${quantity} teapots for ${money(cents)}`,
    branches: [
      step('order', [], { customer: 'bob', sku, quantity }),
      step('stock', ['order'], { sku, quantity }),
      step('payment', ['order'], { card: "bob's card", amount: cents }),
      step('shipping', ['stock', 'payment'], { address: '1 Harbour Street' }),
    ],
    gauges: [cast.shelf(), cast.orders(), cast.shipments()],
  };
}
